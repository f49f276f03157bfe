"""My sessions: seeing and closing them, prolonging the one in use, keeping what was typed when it ends."""

from allauth.usersessions.models import UserSession
from django.contrib import messages
from django.contrib.auth.decorators import login_not_required
from django.http import Http404, HttpResponse, JsonResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_POST, require_safe

from portal.access import own
from portal.access import sessions as limits
from portal.web import kept
from portal.web.account.devices import label_of


@require_safe
def sessions(request):
    """Where I am signed in, this browser first, and the browsers that are known."""
    rows = UserSession.objects.purge_and_list(request.user)
    rows.sort(key=lambda row: (row.session_key != request.session.session_key, -row.pk))
    shown = [
        {"row": row, "label": label_of(row.user_agent), "here": row.session_key == request.session.session_key}
        for row in rows
    ]
    context = {"sessions": shown, "devices": request.user.devices.order_by("-id")[:20]}
    return render(request, "account/sessions.html", context)


@require_POST
def close(request, session):
    """End one of my sessions."""
    own.close_session(by=request.user, on=get_object_or_404(UserSession, pk=session, user=request.user))
    messages.success(request, "Closed. Whoever used it must sign in again.")
    return redirect("account:sessions")


@require_POST
def close_others(request):
    """End all of my sessions but this one."""
    count = own.close_other_sessions(by=request.user, on=request.user.public_id, current=request.session.session_key)
    messages.success(request, f"Closed {count} other session{'' if count == 1 else 's'}.")
    return redirect("account:sessions")


@login_not_required
@require_safe
def status(request):
    """Seconds left, for the page's clock; asking does not count as doing something."""
    seconds, longer = limits.left(request) if request.user.is_authenticated else (0, False)
    return JsonResponse({"left": seconds, "longer": longer, "who": getattr(request.user, "public_id", "")})


@require_POST
def extend(request):
    """Stay signed in."""
    limits.touch(request.session, now=True)
    seconds, longer = limits.left(request)
    return JsonResponse({"left": seconds, "longer": longer, "who": request.user.public_id})


@login_not_required
@require_POST
def keep(request):
    """Keep what was typed on a page whose session has just ended in this browser."""
    path = request.POST.get("kept-path", "")
    if not kept.keep(request, path, {name: values for name, values in request.POST.lists() if name != "kept-path"}):
        raise Http404
    return HttpResponse(status=204)
