"""The card of a table: valid by its schema, and what the generator and reports say."""

import json
from importlib.resources import files

import jsonschema
import numpy as np
import pytest

from skfadm import FairDiffusionGenerator
from skfadm.datasets import make_biased_domains
from skfadm.report import data_card

from .tables import judge

SCHEMA = json.loads(files("skfadm.report").joinpath("card.schema.json").read_text())


@pytest.fixture(scope="module")
def made():
    data = make_biased_domains(600, bias=0.4, as_frame=True, random_state=0)
    generator = FairDiffusionGenerator(max_iter=20, random_state=0, lambda_yz=1.0)
    generator.fit(data.data, data.target, data.z)
    X, y = generator.sample(200, random_state=1)
    real, held_out = (
        (data.data[part], data.target[part], data.z[part])
        for part in (slice(300), slice(300, 600))
    )
    return generator, judge(real, (X, y), held_out)


def test_a_card_is_valid_and_says_what_was_measured(made, tmp_path):
    generator, report = made
    card = data_card(generator, 200, report=report, seed=1, source="a simulation")
    card.save(tmp_path / "card.json")
    fields = json.loads((tmp_path / "card.json").read_text())
    jsonschema.validate(fields, SCHEMA)
    assert fields["composition"]["instances"] == 200
    bias = fields["examination_of_bias"]
    assert bias["strength"] == 1.0
    after = bias["predicted"]["with_fair_labels"]["demographic_parity"]
    assert after == pytest.approx(generator.tradeoff_.at(1.0)["demographic_parity"])
    assert bias["measured"]["attribute"] == report.attribute
    assert fields["privacy"]["verdict"] == report.quality.privacy
    assert fields["collection_process"]["seed"] == 1


def test_the_share_of_labels_changed_is_that_of_the_same_draws(made):
    generator, _ = made
    (_, clean), (_, fair) = generator.sample_strengths([0.0, 1.0], 4000)
    changed = np.mean(np.asarray(clean) != np.asarray(fair))
    card = data_card(generator, 10)
    found = card.fields["examination_of_bias"]["share_of_labels_changed"]
    assert found == pytest.approx(changed, abs=0.05) and changed > 0.02


def test_a_card_without_a_report_or_groups_claims_nothing(made, tmp_path):
    data = make_biased_domains(60, random_state=0)
    generator = FairDiffusionGenerator(max_iter=1, random_state=0)
    generator.fit(data.data, data.target)
    card = data_card(generator, 5)
    jsonschema.validate(card.fields, SCHEMA)
    assert card.fields["privacy"] == {"guarantee": None, "verdict": "not attacked"}
    assert card.fields["examination_of_bias"]["predicted"] is None
    card.save(tmp_path / "card.md")
    page = (tmp_path / "card.md").read_text()
    assert "## Examination of bias" in page
    assert "- **Verdict**: not attacked" in page
    assert "- **Source**: none" in page


def test_a_field_that_lacks_is_found_by_the_schema(made):
    fields = data_card(made[0], 5).fields
    del fields["composition"]["labels"]
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(fields, SCHEMA)
