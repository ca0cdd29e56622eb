"""The paragraph that a signal is explained with, built from its votes and numbers. Pure."""

from collections.abc import Sequence

from hydradesk.kernel.time import rfc3339
from hydradesk.signals.contracts import Signal, Vote
from hydradesk.signals.domain.fusion import REVERSAL, ROUND_TRIP_COST, THRESHOLD, Fused, Risk

_MOST = 3
"""Reasons told on each side; the rest is in the votes."""


def explain(signal: Signal, fused: Fused, risk: Risk, standing: Signal | None) -> str:
    """Tell in one paragraph what was decided and why, the strongest reasons first.

    Args:
        signal: complete but for its reasoning.
        fused: the score its votes gave.
        risk: the parts of its risk score.
        standing: the active signal of the same symbol and timeframe, if there is one.
    """
    what = f"{signal.direction} {signal.symbol} on {signal.timeframe} at {signal.price}"
    side = 1 if fused.score > 0 else -1
    sentences = [
        f"{what}: {_decision(signal, fused, risk, standing)}.",
        *_reasons(signal.votes, side),
        _danger(signal, risk),
    ]
    if signal.levels is not None:
        sentences.append(_plan(signal))
    return " ".join(sentences)


def _decision(signal: Signal, fused: Fused, risk: Risk, standing: Signal | None) -> str:
    size = fused.score.copy_abs()
    way = "up" if fused.score > 0 else "down"
    if signal.direction != "HOLD":
        turned = ""
        if standing is not None:
            turned = f", enough to turn around the {standing.direction} of {rfc3339(standing.at)}"
        return f"the votes lean {way} with a confidence of {size} of 100{turned}"
    if fused.score == 0:
        return "the votes lean neither way"
    return f"the votes lean {way} by {size}, {_obstacle(fused, risk, standing)}"


def _obstacle(fused: Fused, risk: Risk, standing: Signal | None) -> str:
    """Say why a lean became no signal."""
    if standing is not None:
        kept = f"the {standing.direction} of {rfc3339(standing.at)} at {standing.price}"
        if (standing.direction == "BUY") == (fused.score > 0):
            return f"and {kept} still stands"
        return f"short of the {REVERSAL} that would turn around {kept}"
    if fused.score.copy_abs() < THRESHOLD:
        return f"short of the {THRESHOLD} that a signal needs"
    if risk.volatility == 0.0:
        return "but nothing moved, so there is no place for a stop"
    return "but the last try that way was just stopped out"


def _reasons(votes: Sequence[Vote], side: int) -> list[str]:
    """Votes come strongest first."""
    agreeing = [vote.reason for vote in votes if vote.direction == side]
    opposing = [vote.reason for vote in votes if vote.direction == -side]
    sentences = []
    if agreeing:
        sentences.append(f"{_capital(_list(agreeing[:_MOST]))}{_more(agreeing)}.")
    if opposing:
        sentences.append(f"Against it, {_list(opposing[:_MOST])}{_more(opposing)}.")
    if not agreeing and not opposing:
        sentences.append("No source takes a side.")
    return sentences


def _danger(signal: Signal, risk: Risk) -> str:
    if risk.volatility == 0.0:
        return f"Risk is {signal.risk_score} of 100: there is no ATR to measure it by."
    target = 100.0 * ROUND_TRIP_COST / risk.cost_share
    return (
        f"Risk is {signal.risk_score} of 100: the ATR is {risk.volatility:.2f} % of price, more"
        f" than on {100.0 * risk.calmer:.0f} % of recent bars, price is {risk.stretch:.1f} ATR"
        f" from its EMA 21, and getting in and out costs about {100.0 * ROUND_TRIP_COST:.1f} %"
        f" where the first target is {target:.2f} % away."
    )


def _plan(signal: Signal) -> str:
    levels = signal.levels
    assert levels is not None, signal.id
    first, second, third = levels.targets
    return (
        f"Enter between {levels.entry_low} and {levels.entry_high}, stop at {levels.stop}, targets"
        f" {first}, {second} and {third}, a reward of {levels.risk_reward} for each 1 risked at the"
        f" second; void after {rfc3339(signal.expires_at)}."
    )


def _list(parts: Sequence[str]) -> str:
    if len(parts) == 1:
        return parts[0]
    return f"{', '.join(parts[:-1])} and {parts[-1]}"


def _more(parts: Sequence[str]) -> str:
    left = len(parts) - _MOST
    return "" if left <= 0 else f", with {left} weaker {'vote' if left == 1 else 'votes'} beside"


def _capital(text: str) -> str:
    return text[0].upper() + text[1:]
