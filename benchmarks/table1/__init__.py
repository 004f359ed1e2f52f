"""The paper's Table 1 on Adult, whole: the command ``skfadm table1``."""
