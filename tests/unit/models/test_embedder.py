"""The embedder: two backends, one vector; order, batches and odd texts do not matter."""

from pathlib import Path

import numpy as np
import pytest
from pydantic import ValidationError

from models.embedder import EmbedderConfig, Encoder, open_encoder
from models.embedder.encoder import by_length, model_version
from models.embedder.onnx_encoder import mean_pool
from ranking.errors import ArtifactError

TEXTS = [
    "Doctolib, appointments for doctors",
    "",
    "Bewerbermanagement für Krankenhäuser",
    "x",
    "a maker of espresso machines " * 60,
    "🙂 日本語 \0 \n\t",
    "Stripe",
    "companies like Stripe and Adyen",
]


@pytest.fixture(scope="module")
def onnx(tmp_path_factory: pytest.TempPathFactory) -> Encoder:
    path = tmp_path_factory.mktemp("graph") / "model.onnx"
    return open_encoder(EmbedderConfig(onnx_path=str(path), batch_size=3))


@pytest.fixture(scope="module")
def torch() -> Encoder:
    return open_encoder(EmbedderConfig(backend="torch", batch_size=3))


def test_both_backends_answer_with_the_same_vectors(onnx: Encoder, torch: Encoder) -> None:
    first, second = onnx.encode(TEXTS), torch.encode(TEXTS)
    assert first.shape == second.shape == (len(TEXTS), 384)
    assert first.dtype == second.dtype == np.float32
    np.testing.assert_allclose(np.linalg.norm(first, axis=1), 1.0, atol=1e-5)
    np.testing.assert_allclose(np.einsum("ij,ij->i", first, second), 1.0, atol=1e-4)
    assert onnx.version == torch.version == model_version()


@pytest.mark.parametrize("backend", ["onnx", "torch"])
def test_neither_order_nor_batch_matters(backend: str, request: pytest.FixtureRequest) -> None:
    encoder: Encoder = request.getfixturevalue(backend)
    together = encoder.encode(TEXTS)
    backwards = encoder.encode(TEXTS[::-1])[::-1]
    alone = np.concatenate([encoder.encode([text]) for text in TEXTS])
    np.testing.assert_allclose(together, backwards, atol=1e-5)
    np.testing.assert_allclose(together, alone, atol=1e-5)
    assert encoder.encode([]).shape == (0, 384)


def test_meaning_is_near(onnx: Encoder) -> None:
    payments, processor, coffee = onnx.encode(
        ["online payment processing", "credit card payments for web shops", "espresso machines"]
    )
    assert payments @ processor > payments @ coffee + 0.3


def test_what_is_longer_than_the_limit_is_cut(onnx: Encoder) -> None:
    long = "payments " * 2_000
    np.testing.assert_allclose(*onnx.encode([long, long + "espresso machines"]), atol=1e-5)


def test_texts_are_batched_by_length() -> None:
    assert by_length([5, 1, 4, 1, 9], 2) == [[1, 3], [2, 0], [4]]
    assert by_length([], 2) == []


def test_padding_does_not_count_in_the_mean() -> None:
    states = np.array([[[3.0, 4.0], [100.0, 100.0]]], dtype=np.float32)
    np.testing.assert_allclose(mean_pool(states, np.array([[1, 0]])), [[0.6, 0.8]], rtol=1e-6)
    np.testing.assert_array_equal(mean_pool(states, np.array([[0, 0]])), [[0.0, 0.0]])


@pytest.mark.parametrize("backend", ["onnx", "torch"])
def test_a_device_that_is_not_there_is_refused(
    backend: str, onnx: Encoder, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("torch.cuda.is_available", lambda: False)
    monkeypatch.setattr("onnxruntime.get_available_providers", lambda: ["CPUExecutionProvider"])
    graph = tmp_path / "model.onnx"
    graph.touch()
    with pytest.raises(ArtifactError):
        open_encoder(EmbedderConfig(backend=backend, device="cuda", onnx_path=str(graph)))


def test_the_version_names_the_weights() -> None:
    name, digest = model_version().split("@")
    assert name == "all-MiniLM-L6-v2"
    assert len(bytes.fromhex(digest)) == 6


def test_knobs_are_bounded() -> None:
    for bad in ({"threads": 0}, {"max_tokens": 4}, {"backend": "tf"}, {"device": "tpu"}, {"unknown": 1}):
        with pytest.raises(ValidationError):
            EmbedderConfig.model_validate(bad)
