"""Cards of the model for recurrence of breast cancer and of the one for the progression of diabetes."""

from portal.demo.training import cards


def recurrence(concordance: float, by_group: str) -> dict:
    """The card of the model for recurrence-free survival."""
    return cards.card({
        1: cards.developer("from a published table."),
        2: "Nobody paid for making this model: it is part of the demonstration. Who paid for the trial does not stand in the table.",
        3: "The chances of being alive without recurrence 1, 3 and 5 years after surgery, each with the interval in which nine of ten fits to other samples lie.",
        4: {"choice": "prediction", "text": "Three numbers with intervals: at 1, 3 and 5 years."},
        5: "To talk about follow-up with a woman operated for node-positive primary breast cancer.",
        6: "Women of 18 and over after surgery for primary breast cancer with at least one positive lymph node.",
        7: "Clinicians who care for breast cancer and know its pathology report.",
        8: {"choice": "informs", "text": "It gives something to talk about. Treatment is decided without it."},
        9: "Node-negative disease. Men. Metastatic disease. Choosing or leaving out a treatment. Anybody under 18.",
        10: "A modest model: of two women it ranks the earlier event first in about two of three pairs. The women were treated in the 1980s, and therapy is better today, so it is likely to look too dark. HER2, Ki-67, chemotherapy and radiotherapy are unknown to it. Receptors are in fmol/L as the usual description says; today's laboratories report otherwise.",
        11: "All 686 women of the German Breast Cancer Study Group 2 table with complete data: node-positive primary breast cancer, operated between 1984 and 1989. The trial's other women are not in the table.",
        12: {"ticks": ["date-of-birth"], "text": "Age. Menopausal status is asked as well and goes along with age and sex."},
        13: "All are women, 21 to 80 years old. The table says nothing about race, ethnicity, language, orientation, gender identity, social situation or health status assessments.",
        14: "Poor without a test here: Germany in the 1980s, other treatment, node-positive disease alone.",
        15: "Nothing was adjusted between groups. The card gives its measure for younger and older women apart.",
        16: "Nothing was corrected. Sizes, counts and receptors enter as logarithms, so that a few extreme values do not rule the rest.",
        21: f"On women left out of the fit, in five parts: concordance {concordance:.2f} (0.5 is chance, 1 is perfect).",
        22: by_group,
    }, device=cards.research("It is here to be tried.", medical="It shows values of the patient's pathology report and what followed in others."),
        practice={3: ("no", "Tested on women of the 1980s in Germany, not on patients like those here."),
                  4: ("yes", "Each woman was predicted by a fit that had not seen her; the fit in use was then made from all 686."),
                  5: ("yes", "Recurrence or death as the trial recorded them; women who were followed for less time count for as long as they were.")},
        more={
            "ModelType": "Cox model with logarithms and 60 bootstrap fits, as Python code with coefficients", "ClinicalRiskLevel": "Low if it is only talked about; it would be high if it decided",
            "KnownBiasesOrEthicalConsiderations": "Node-positive women of one trial. A dark number may frighten: say that treatment has changed.",
            "PeerReviewedPublications": "The data: Schumacher and others, Journal of Clinical Oncology 12 (1994). This model itself is not published.",
            "ThirdPartyInformation": "Data: German Breast Cancer Study Group 2, from the lifelines package.",
            "PatientConsentOrDisclosure": "The published table names nobody. What its patients were told is not known here.",
            "Keywords": {"items": ["breast cancer", "recurrence", "survival"]},
        })  # fmt: skip


def progression(metrics: dict, by_group: str) -> dict:
    """The card of the model for the progression of diabetes."""
    return cards.card({
        1: cards.developer("from a published table."),
        2: "Nobody paid for making this model: it is part of the demonstration. Who paid for collecting the data does not stand in the table.",
        3: "How far diabetes will have progressed in a year, as a score from 25 to 346 without unit, with the interval in which about nine of ten unseen patients lay.",
        4: {"choice": "prediction", "text": "One number with an interval."},
        5: "To compare adults with diabetes with one another, as an example of a model that answers with a number.",
        6: "Adults of 19 to 79 years with diabetes.",
        7: "Clinicians who treat diabetes and want to see what such a model can and cannot do.",
        8: {"choice": "informs", "text": "The score has no clinical scale: it compares, and decides nothing."},
        9: "Any decision about treatment. Children. People without diabetes. Pregnancy.",
        10: f"Its data do not say how the score was made up. It is off by {metrics['mean_error']:.0f} points on average. It knows nothing of haemoglobin A1c, treatment, or how long diabetes is known.",
        11: "All 442 patients of the diabetes table of Efron, Hastie, Johnstone and Tibshirani (2004). Where and when they were seen, and who was left out, is not told there.",
        12: {"none": True, "text": "Age and sex stand in the table but are no inputs: age added nothing, and nobody says which of the two codes of sex is which."},
        13: "Ages 19 to 79. Two codes of sex, 235 and 207 patients, of which nobody says which is which. Nothing about race, ethnicity, language, orientation, gender identity, social situation or health status assessments.",
        14: "Not known: the table does not say where its patients were from.",
        15: "Nothing was adjusted between groups. The card gives the mean error for both codes of sex and for younger and older patients.",
        16: "One blood value is taken as the logarithm of the triglycerides, which its source calls possible and its whole numbers make likely. No other correction was made.",
        21: f"On a quarter of the patients, held out: R² {metrics['r2']:.2f}, mean error {metrics['mean_error']:.0f} points; the interval held {100 * metrics['covered']:.0f} of 100 of them.",
        22: by_group,
        26: "It is not watched: nobody measures the score here, so there is nothing to compare it with.",
        28: "It is not watched, for the same reason.",
    }, device=cards.research("It is here to be tried.", medical="It shows values of the patient's record and a score that others had."),
        practice={3: ("no", "Who its patients were is not told."), 5: ("no", "How the score was made up is not told."), 10: ("no", "It is not watched.")},
        more={
            "ModelType": "Linear regression, as one ONNX graph", "ClinicalRiskLevel": "Low: it decides nothing",
            "KnownBiasesOrEthicalConsiderations": "Sex was left out because its coding is unknown, so a difference between the sexes would not be seen in an answer.",
            "PeerReviewedPublications": "The data: Efron and others, Annals of Statistics 32 (2004). This model itself is not published.",
            "ThirdPartyInformation": "Data: diabetes table of scikit-learn.",
            "PatientConsentOrDisclosure": "The published table names nobody. What its patients were told is not known here.",
            "Keywords": {"items": ["diabetes", "score"]},
        })  # fmt: skip
