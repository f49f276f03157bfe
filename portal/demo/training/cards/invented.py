"""Cards of the two models that learnt from nothing real: the invented hospital, and simulated beats."""

from portal.demo.training import cards


def unplanned(metrics: dict, by_group: str, rows: int) -> dict:
    """The card of the model for unplanned stays."""
    return cards.card({
        1: cards.developer("trained as it is set up."),
        3: "The chance, from 0 to 100 %, that an invented patient has an unplanned hospital stay within 12 months, with the interval in which nine of ten fits to other samples lie.",
        4: {"choice": "prediction", "text": "One number with an interval, and a band: low up to 10 %, raised up to 30 %, high above."},
        5: "To practise with. It shows how a model answers from the record alone. It says nothing about real people.",
        6: "Invented adult patients of the demonstration. No real patient.",
        7: "Anybody who learns to use this portal.",
        8: {"choice": "informs", "text": "For practice only: no decision about a person may rest on it."},
        9: "Care of any kind. Children. Real patients, whatever their record holds.",
        10: "What it learnt are the rules by which the demonstration invents people, so it looks better than any model of real people would. It leans on the number of visits: who avoids doctors looks healthy to it.",
        11: f"{rows:,} people invented by a program, all adults of 19 to 96; no one was left out. Of some laboratory values and the body mass index a tenth to two fifths were left out on purpose, as happens in records.",
        12: {"ticks": ["sex", "date-of-birth"], "text": "Sex in the record, and age. Diagnoses of the problem list are inputs too, but no assessment of health status."},
        13: "Half women, half men by the toss of a coin; ages around 64. The invented people have no race, ethnicity, language, orientation, gender identity or social situation, so the data say nothing about those.",
        14: "None for a real hospital. For the demonstration's own patients it fits exactly, because the same program invents both.",
        15: "Nothing was needed to make it fair between women and men: in the invented data sex changes nothing. That says nothing about real data.",
        16: "Missing values take the training data's usual value and move nothing. No other correction was made.",
        21: f"On a quarter of the invented people, held out: AUC {metrics['auc']:.2f}, Brier score {metrics['brier']:.3f}.",
        22: f"{by_group} In the invented data sex changes nothing, so the difference between the sexes is chance.",
    }, device=cards.research("It is for practice.", medical="It shows values of an (invented) patient's record and what follows from them."),
        practice={3: ("na", "There are no real patients in it."), 5: ("yes", "The outcome is drawn by the program that invents the people, so it is known exactly.")},
        more={
            "ModelType": "Logistic regression with 40 bootstrap fits, as one ONNX graph", "ClinicalRiskLevel": "None: not for care",
            "KnownBiasesOrEthicalConsiderations": "Trained on invented people; any conclusion about real groups would be wrong.",
            "PatientConsentOrDisclosure": "No person's data were used.", "Keywords": {"items": ["demonstration", "unplanned admission"]},
        })  # fmt: skip


def rhythm(metrics: dict, tracings: int) -> dict:
    """The card of the model that reads an ECG."""
    return cards.card({
        1: cards.developer("trained as it is set up."),
        3: "How likely it is, from 0 to 100 %, that the beats on lead II follow one another irregularly, with the heart rate and the beats it found. Without a number when it finds too few beats or too much noise.",
        4: {"choice": "classification", "text": "Regular or irregular, with the probability."},
        5: "To practise with tracings: sending a file, checking whose it is, reading an answer about a signal.",
        6: "Simulated tracings. No real patient.",
        7: "Anybody who learns to use this portal.",
        8: {"choice": "informs", "text": "For practice only. Whoever reads the tracing decides."},
        9: "Care of any kind; naming an arrhythmia; children; pacemakers; tracings shorter than 8 seconds.",
        10: "It looks at the time between beats and at nothing else. Extra beats, blocks, flutter and pacemakers were never simulated, so it may call them regular or irregular. An artefact that looks like a beat misleads it.",
        11: f"{tracings} simulated tracings of 10 seconds, half of them irregular. Tracings with fewer than 6 findable beats were left out. No real ECG was used.",
        12: {"none": True, "text": "It takes the tracing of one lead and nothing about the person."},
        13: "Simulated hearts belong to nobody: they have no sex, age or origin, so the data stand for no group of people.",
        14: "None. Its simulated heart rates span about 50 to 140 beats a minute without the diseases that make real tracings hard.",
        15: "Nothing was done: there are no groups of people in its data.",
        16: "Nothing was done, for the same reason.",
        21: f"On two fifths of the simulated tracings, held out: AUC {metrics['auc']:.2f}, Brier score {metrics['brier']:.3f}. That it is nearly perfect proves nothing: the simulation is easy. It was never compared with cardiologists' reading.",
        22: "Not measured, and it could not be: a simulated tracing has no sex, age or origin.",
        26: "It is not watched: this portal counts later events for risks, and a rhythm has none.",
        28: "It is not watched, for the same reason.",
    }, device=cards.research("It is for practice.", medical="It analyses a tracing, not medical information of the usual kind.", signal=True),
        practice={3: ("na", "There are no real patients in it."), 4: ("yes", "Held-out tracings were simulated apart from the others."),
                  5: ("no", "The truth is what the simulation was told; no cardiologist read a tracing."), 10: ("no", "It is not watched.")},
        more={
            "ModelType": "R peaks by their steepness, then logistic regression on three features of the intervals", "ClinicalRiskLevel": "None: not for care",
            "KnownBiasesOrEthicalConsiderations": "Trained on simulated beats; it knows nothing of any group of people.",
            "PatientConsentOrDisclosure": "No person's data were used.", "Keywords": {"items": ["demonstration", "electrocardiogram"]},
        })  # fmt: skip
