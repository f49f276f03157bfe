"""Addresses of the administrators' pages about people, wards and studies."""

from django.urls import path

from portal.web.hospital import people, studies, wards

app_name = "hospital"
urlpatterns = [
    path("", people.people, name="people"),
    path("people/join/", people.join, name="join"),
    path("people/<pid:person>/", people.person, name="person"),
    path("people/<pid:person>/leave/", people.leave, name="leave"),
    path("people/<pid:person>/come-back/", people.come_back, name="come-back"),
    path("people/<pid:person>/seats/", people.set_seats, name="seats"),
    path("wards/", wards.wards, name="wards"),
    path("wards/<pid:unit>/", wards.ward, name="ward"),
    path("wards/<pid:unit>/assign/", wards.assign, name="assign"),
    path("assignments/<pid:assignment>/end/", wards.end, name="end"),
    path("assignments/<pid:assignment>/move/", wards.move, name="move"),
    path("studies/", studies.studies, name="studies"),
    path("studies/<pid:study>/", studies.study, name="study"),
    path("studies/<pid:study>/members/<pid:person>/end/", studies.member_end, name="member-end"),
]
