"""Cards of the two models that learnt from the UCI heart disease table."""

from portal.demo.training import cards

_NEW = "It needs an angiography's context: a clinician reads it beside history and tests."
_SHARED = {
    2: "Nobody paid for making this model: it is part of the demonstration. Who paid for collecting the data in the 1980s does not stand in the table.",
    6: "Adults who are referred for coronary angiography.",
    7: "Clinicians who talk with such a patient and know the exercise test and the ECG.",
    8: {
        "choice": "informs",
        "text": "It gives something to talk about. Whether to do the angiography is decided without it.",
    },
    11: "All 920 patients of the UCI heart disease table: people who were sent for angiography at four hospitals (Cleveland, Hungary, Switzerland, VA Long Beach) in the 1980s. Nobody was left out. A cholesterol or blood pressure of 0 in the table is taken as not measured.",
    12: {"ticks": ["sex", "date-of-birth"], "text": "Sex in the record, and age."},
    13: "About a fifth are women. Ages 28 to 77. The table says nothing about race, ethnicity, language, orientation, gender identity, social situation or health status assessments; nobody can tell whom it stands for in these.",
    14: "Poor without a test here: other countries, forty years ago, and only people sent for angiography. Between its four hospitals disease was found in 36 to 93 of 100.",
    15: "Nothing was adjusted between groups. The card gives its measures for women and men apart, so that the difference is seen.",
    16: "An answer that is not known moves nothing: as a category of its own it would have told which hospital a patient is from. No other correction was made.",
    30: "Never by itself. The demonstration trains it anew, to the same result, each time it is set up.",
}
_MORE = {
    "StakeholdersConsulted": "Nobody.",
    "PatientConsentOrDisclosure": "The published table names nobody. What its patients were told is not known here.",
    "KnownBiasesOrEthicalConsiderations": "Only patients who were sent for angiography: people without pain were sent for another reason, so “no pain” goes with more disease. Women are few.",
    "PeerReviewedPublications": "The data: Detrano and others, American Journal of Cardiology 64 (1989). This model itself is not published.",
    "ThirdPartyInformation": "Data: UCI Heart Disease, by Janosi, Steinbrunn, Pfisterer and Detrano, taken from an installed package.",
}
_PRACTICE = {3: ("no", "Tested on patients of the 1980s elsewhere, not on patients like those here."),
             5: ("yes", "Disease is what angiography showed; how its grades were made up is not told.")}  # fmt: skip


def _sites(metrics: dict) -> str:
    return ", ".join(f"{name[4:].replace('_', ' ').title().replace('Va ', 'VA ')} {value:.2f}" for name, value in metrics.items() if name.startswith("auc_"))  # fmt: skip


def coronary(metrics: dict, by_group: str) -> dict:
    """The card of the model for coronary disease."""
    return cards.card(_SHARED | {
        1: cards.developer("from a published table."),
        3: "The chance, from 0 to 100 %, that angiography done now would show a narrowing of half the width or more, with the interval in which nine of ten fits to other samples lie.",
        4: {"choice": "prediction", "text": "One number with an interval, and a band: low up to 15 %, intermediate up to 60 %, high above."},
        5: "To talk with an adult who is referred for coronary angiography about what to expect of it.",
        9: "Deciding for or against an angiography. Acute chest pain. People who are not referred for angiography. Anybody under 18. Screening.",
        10: "It differs much between hospitals and was never tested here. “No pain” makes disease more likely in it, which is how patients were chosen and not how the disease works. It knows nothing of smoking, diabetes, family history, earlier heart disease and medicines.",
        21: f"On a quarter of the patients, held out: AUC {metrics['auc']:.2f}, Brier score {metrics['brier']:.3f}. Over 20 such splits the AUC was {metrics['splits_auc_mean']:.2f} on average. Trained on three hospitals and tested on the fourth: {_sites(metrics)}.",
        22: by_group + " With so few women the difference may be chance.",
    }, device=cards.research(_NEW, medical="It shows values of the patient's record and tests, and what followed in others."),
        practice=_PRACTICE, more=_MORE | {
            "ModelType": "Logistic regression with 40 bootstrap fits, as one ONNX graph", "ClinicalRiskLevel": "Low if it is only talked about; it would be moderate if it decided",
            "Keywords": {"items": ["coronary disease", "angiography"]},
        })  # fmt: skip


def extent(metrics: dict, by_group: str) -> dict:
    """The card of the model for the extent of coronary disease."""
    return cards.card(_SHARED | {
        1: cards.developer("from a published table."),
        3: "Three chances that add up to 100 %: that angiography done now would show no, some, or more coronary disease, each with its interval.",
        4: {"choice": "classification", "text": "Three grades in their order, each with a probability."},
        5: "To talk with an adult who is referred for coronary angiography about how much may be found.",
        9: "Deciding for or against an angiography or an operation. Counting vessels. Acute chest pain. People who are not referred. Anybody under 18.",
        10: f"The likeliest grade was right in {100 * metrics['right']:.0f} of 100 patients it had not seen; always saying the commonest would be right in {100 * metrics['commonest']:.0f}. What the grades 1 to 4 of its data stand for is not told there, so “more” is no number of vessels. For one patient it may differ by some of a hundred from “Coronary disease before angiography”.",
        21: f"On a quarter of the patients, held out: AUC {metrics['any']:.2f} for any disease, {metrics['more']:.2f} for grade 2 to 4; Brier score of the three grades {metrics['brier']:.2f}.",
        22: by_group + " With so few women the difference may be chance.",
        26: "It is not watched yet: this portal counts later events for risks, and grades are another kind of answer.",
        28: "It is not watched yet, for the same reason.",
    }, device=cards.research(_NEW, medical="It shows values of the patient's record and tests, and what followed in others."),
        practice=_PRACTICE | {10: ("no", "Later findings are not counted for grades.")}, more=_MORE | {
            "ModelType": "Proportional odds with 40 bootstrap fits, as one ONNX graph", "ClinicalRiskLevel": "Low if it is only talked about; it would be moderate if it decided",
            "Keywords": {"items": ["coronary disease", "angiography", "grades"]},
        })  # fmt: skip
