"""The pages of a version, one for each part of its evidence, in the order in which a reviewer reads them."""

# Part, address, and what it is called; a part of `bundle` that can be missing has a page here.
PARTS = (
    ("overview", "lab:version", "Overview"),
    ("form", "lab:form", "Form"),
    ("card", "lab:card", "Model card"),
    ("evidence", "lab:evidence", "Evidence"),
    ("files", "lab:files", "Files"),
    ("calibration", "lab:calibration", "Reliability here"),
    ("review", "lab:review", "Review"),
)
