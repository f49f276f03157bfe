"""What common codes of measurements stand for, in our own words; a code that is not here may still be right."""

NAMES = {
    "8480-6": "systolic blood pressure", "8462-4": "diastolic blood pressure", "8867-4": "heart rate",
    "9279-1": "respiratory rate", "8310-5": "body temperature", "2708-6": "oxygen saturation of arterial blood",
    "59408-5": "oxygen saturation by pulse oximetry", "29463-7": "body weight", "8302-2": "body height",
    "39156-5": "body mass index", "2160-0": "creatinine in serum or plasma", "38483-4": "creatinine in blood",
    "3094-0": "urea nitrogen in serum or plasma", "6299-2": "urea nitrogen in blood", "2345-7": "glucose in serum or plasma",
    "2339-0": "glucose in blood", "1558-6": "fasting glucose in serum or plasma", "4548-4": "haemoglobin A1c",
    "17856-6": "haemoglobin A1c by HPLC", "59261-8": "haemoglobin A1c (IFCC)", "2951-2": "sodium", "2823-3": "potassium",
    "2075-0": "chloride", "17861-6": "calcium", "2028-9": "carbon dioxide, total", "1975-2": "bilirubin, total",
    "1742-6": "alanine aminotransferase (ALT)", "1920-8": "aspartate aminotransferase (AST)", "6768-6": "alkaline phosphatase",
    "1751-7": "albumin", "2885-2": "protein, total", "718-7": "haemoglobin", "4544-3": "haematocrit", "6690-2": "leukocytes",
    "777-3": "platelets", "789-8": "erythrocytes", "787-2": "mean corpuscular volume", "1988-5": "C-reactive protein",
    "2093-3": "cholesterol, total", "2085-9": "HDL cholesterol", "13457-7": "LDL cholesterol, calculated",
    "18262-6": "LDL cholesterol, measured", "2571-8": "triglycerides", "33914-3": "estimated GFR (MDRD)",
    "62238-1": "estimated GFR (CKD-EPI)", "6598-7": "troponin T", "10839-9": "troponin I", "33762-6": "NT-proBNP",
    "30934-4": "BNP", "5902-2": "prothrombin time", "6301-6": "INR", "3016-3": "TSH", "2276-4": "ferritin",
    "2524-7": "lactate", "72166-2": "tobacco smoking status", "72514-3": "pain severity",
}  # fmt: skip


def said(codes) -> str:
    """Codes with their names."""
    return "; ".join(f"{code}: {NAMES.get(code, 'a code that is not in our list, check it')}" for code in codes)
