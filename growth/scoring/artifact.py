"""Models as bytes: signed with our own key, since reading them back runs what is in them."""

import hmac
import pickle
import zlib
from typing import TYPE_CHECKING

from growth.errors import PermanentError, RefusedError
from growth.keyring import keyring
from growth.locales import N_
from growth.scoring.features import FEATURES
from growth.scoring.records import ScoringModel

if TYPE_CHECKING:
    from growth.scoring.scorer import Scorer

_TRAIN_AGAIN = N_("Train the model again: growth score train.")


def pack(target: str, kind: str, scorer: "Scorer") -> tuple[bytes, bytes]:
    """The scorer as bytes, and their fingerprint (HMAC-SHA256 under a key of its own, target and kind included)."""
    import sklearn  # noqa: PLC0415 - heavy, and only where models are handled

    packed = sklearn.__version__.encode() + b"\n" + zlib.compress(pickle.dumps(scorer, protocol=5))
    return packed, fingerprint(target, kind, packed)


def unpack(model: ScoringModel) -> "Scorer":
    """The scorer of a stored model.

    Raises RefusedError, before a byte of it is read, when it was not stored by this installation or was changed since;
    PermanentError when it was made by another version of scikit-learn.
    """
    import sklearn  # noqa: PLC0415 - heavy, and only where models are handled

    from growth.scoring.scorer import Scorer  # noqa: PLC0415 - likewise

    check_ours(model)
    version, _, packed = model.artifact.partition(b"\n")
    if version.decode() != sklearn.__version__:
        raise PermanentError(
            N_("The stored scoring model %(model)d was made with scikit-learn %(version)s."),
            remedy=_TRAIN_AGAIN,
            model=model.id,
            version=version.decode(),
        )
    scorer = pickle.loads(zlib.decompress(packed))  # noqa: S301 - the signature was checked above
    assert isinstance(scorer, Scorer)
    if gone := set(scorer.columns) - FEATURES.keys():
        raise PermanentError(
            N_("The stored scoring model %(model)d uses features that are no more: %(gone)s."),
            remedy=_TRAIN_AGAIN,
            model=model.id,
            gone=", ".join(sorted(gone)),
        )
    return scorer


def check_ours(model: ScoringModel) -> None:
    """Raise RefusedError when its bytes were not stored by this installation or were changed since."""
    if not hmac.compare_digest(model.fingerprint, fingerprint(model.target, model.kind, model.artifact)):
        raise RefusedError(
            N_("The stored scoring model %(model)d was not made by this installation, or it was changed."),
            remedy=_TRAIN_AGAIN,
            model=model.id,
        )


def fingerprint(target: str, kind: str, packed: bytes) -> bytes:
    """The signature of a model's bytes, which also holds what they claim to be."""
    key = keyring().derived("scoring model")
    return hmac.digest(key, f"{target}\n{kind}\n".encode() + packed, "sha256")
