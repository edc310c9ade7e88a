"""Every kind of record is carried out of a broken log, or is told here why it need not be."""

from typing import get_args

from genesis.domain.events import Event
from genesis.domain.outcomes import Outcome
from genesis.service.carrying import KINDS

VENUE = "the venue is asked at the next start"
MARKET = "the market tells it anew"
MACHINE = "the machine is looked at anew at every start"
BETTER = "it could only be for the better: the sound part alone counts"
BESIDE = "what follows from it is carried itself"
GONE = "it is only for the moment: to have lost it gains nothing"

WHY_NOT = {
    **dict.fromkeys(("TradeTick", "BookTop", "BookDelta", "BarClosed", "TicksMissed"), MARKET),
    "VolumeProfileReported": MARKET,
    "ParentStarted": "what of it is working is asked of the venue; the rest of it is not sent",
    "OrderReceipt": "it tells what was, and its fills are the venue's",
    **dict.fromkeys(("MarketStateChanged", "GlobalMarketChanged", "CorrelationAlerted"), MARKET),
    **dict.fromkeys(("OrderAccepted", "OrderRejected", "OrderCancelled", "OrderExpired"), VENUE),
    **dict.fromkeys(("OrderUnresolved", "CancelRejected", "InstrumentReported"), VENUE),
    **dict.fromkeys(("PositionOpened", "PositionChanged"), VENUE),
    **dict.fromkeys(("BalanceReported", "StopAdopted"), VENUE),
    **dict.fromkeys(("VenueStatus", "HealthReported", "FeedLost", "FeedRestored"), MACHINE),
    **dict.fromkeys(("RiskBlocked", "PaperLaneReported"), MACHINE),
    "CodeConfirmed": "code that was confirmed there is asked for again",
    "StrategySwapped": "a strategy goes on as the sound part has it, and is swapped anew by hand",
    "AccountOpened": "a log whose sound part has no account is not recovered",
    **dict.fromkeys(("RecoverySessionDone", "RecoverySessionJudged"), BETTER),
    **dict.fromkeys(("PaperDayReported", "PaperTradeReported", "TierEvaluated"), BETTER),
    **dict.fromkeys(("GatePassed", "LimitedHourEnded", "ConfirmationGiven"), BETTER),
    **dict.fromkeys(("RulesChanged", "RunEnded", "TierAnnounced", "LockedByHalt"), BESIDE),
    "InterventionOpened": "the level is carried, and one of the strictest is opened",
    "TiltScored": "it begins in CAUTION at least",
    "ClocksSetBack": "all time behind the sound part is taken back by the fork",
    **dict.fromkeys(("TimerFired", "OrderRefused", "RefusalsCounted"), GONE),
    "ConfirmationAsked": "what waited is asked for again, and waits anew",
}


def test_every_kind_is_carried_or_it_is_told_why_not() -> None:
    kinds = {kind.__name__ for kind in (*get_args(Event), *get_args(Outcome))}
    assert kinds - set(KINDS) - set(WHY_NOT) == set()
    assert set(KINDS) <= kinds and set(WHY_NOT) <= kinds
    assert not set(KINDS) & set(WHY_NOT)
