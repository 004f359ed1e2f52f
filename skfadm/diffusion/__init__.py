"""The torch core: SDE, networks, losses, meta-learning, guidance and solvers.

Arrays and tensors only: nothing here knows of pandas or scikit-learn, and nothing
here imports from the rest of the package.
"""
