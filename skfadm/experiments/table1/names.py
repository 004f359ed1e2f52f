"""The rows of the table and their order, without what is heavy to import."""

#: The names on the command line and in the results, with those in the table.
TITLES = {
    "majority": "majority label",
    "real": "real source rows",
    "reweighed": "reweighed real rows",
    "vae": "VAE",
    "gan": "GAN",
    "ddpm": "DDPM",
    "fairgan": "FairGAN",
    "decaf": "DECAF",
    "fldgm": "FLDGM",
    "fadm": "FADM, as in the paper",
    "skfadm": "skfadm, default",
}
#: The downstream classifiers.
CLASSIFIERS = {
    "LR": "logistic regression",
    "MLP": "multilayer perceptron",
    "GB": "histogram gradient boosting",
}
MEASURES = ("ACC", "R_DP", "R_EOp")
