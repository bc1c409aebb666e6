"""Go's time.Time as templates see it: printed, formatted, told apart. Everything here is an instant in a zone."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

_LAYOUT = re.compile(
    r"2006|January|Jan|Monday|Mon|MST|-07:00:00|-07:00|-0700|-07|Z07:00|Z0700|[.,](?:0+|9+)(?!\d)"
    r"|15|01|02|03|04|05|06|_2|PM|pm|1|2|3|4|5"
)
_FRACTION = re.compile(r"[.,](0+|9+)")


class Time(datetime):
    """A datetime with the methods that templates call. Always aware."""

    GO_TYPE = "time.Time"

    @classmethod
    def of(cls, at: datetime) -> Time:
        aware = at if at.tzinfo else at.replace(tzinfo=UTC)
        return cls.fromtimestamp(aware.timestamp(), aware.tzinfo)

    @classmethod
    def of_seconds(cls, seconds: float) -> Time:
        """Since the epoch. Raises OverflowError where no calendar has it."""
        whole = cls(1970, 1, 1, tzinfo=UTC) + timedelta(milliseconds=round(seconds * 1e6) // 1_000)
        return cls.of(whole)

    def __str__(self) -> str:
        return self.Format("2006-01-02 15:04:05.999999999 -0700 MST")

    def Format(self, layout: str) -> str:
        return _LAYOUT.sub(lambda found: self._part(found[0]), layout)

    def Unix(self) -> int:
        return int(self.timestamp() // 1)

    def UnixMilli(self) -> int:
        return int(self.timestamp() * 1_000 // 1)

    def UTC(self) -> Time:
        return Time.of(self.astimezone(UTC))

    def In(self, zone: str) -> Time:
        return Time.of(self.astimezone(ZoneInfo(zone)))

    def Add(self, seconds: float) -> Time:
        return Time.of(datetime.__add__(self, timedelta(seconds=seconds)))

    def Sub(self, other: datetime) -> Duration:
        return Duration(self.timestamp() - other.timestamp())

    def Before(self, other: datetime) -> bool:
        return self < other

    def After(self, other: datetime) -> bool:
        return self > other

    def IsZero(self) -> bool:
        return self.year == 1

    def Year(self) -> int:
        return self.year

    def Month(self) -> str:
        return self.strftime("%B")

    def Day(self) -> int:
        return self.day

    def Hour(self) -> int:
        return self.hour

    def Minute(self) -> int:
        return self.minute

    def Second(self) -> int:
        return self.second

    def Weekday(self) -> str:
        return self.strftime("%A")

    def _part(self, layout: str) -> str:
        if fraction := _FRACTION.fullmatch(layout):
            digits = f"{self.microsecond:06}000"[: len(fraction[1])].ljust(len(fraction[1]), "0")
            if fraction[1][0] == "9":
                digits = digits.rstrip("0")
            return layout[0] + digits if digits else ""
        hour = self.hour % 12 or 12
        plain = {
            "2006": f"{self.year:04}",
            "06": f"{self.year % 100:02}",
            "01": f"{self.month:02}",
            "1": str(self.month),
            "02": f"{self.day:02}",
            "_2": f"{self.day:2}",
            "2": str(self.day),
            "15": f"{self.hour:02}",
            "03": f"{hour:02}",
            "3": str(hour),
            "04": f"{self.minute:02}",
            "4": str(self.minute),
            "05": f"{self.second:02}",
            "5": str(self.second),
            "PM": "PM" if self.hour >= 12 else "AM",
            "pm": "pm" if self.hour >= 12 else "am",
            "January": self.strftime("%B"),
            "Jan": self.strftime("%b"),
            "Monday": self.strftime("%A"),
            "Mon": self.strftime("%a"),
            "MST": self.tzname() or "UTC",
        }
        return plain[layout] if layout in plain else self._offset(layout)

    def _offset(self, layout: str) -> str:
        seconds = int((self.utcoffset() or timedelta()).total_seconds())
        if layout.startswith("Z") and seconds == 0:
            return "Z"
        sign, seconds = ("-" if seconds < 0 else "+"), abs(seconds)
        hours, minutes, rest = seconds // 3_600, seconds // 60 % 60, seconds % 60
        forms = {"-07": f"{hours:02}", "-07:00:00": f"{hours:02}:{minutes:02}:{rest:02}"}
        return sign + forms.get(layout, f"{hours:02}:{minutes:02}" if ":" in layout else f"{hours:02}{minutes:02}")


class Duration(float):
    """Seconds, printed as Go prints a time.Duration (`1h2m3.5s`)."""

    GO_TYPE = "time.Duration"

    def __str__(self) -> str:
        total = round(abs(self) * 1e9)
        sign = "-" if self < 0 else ""
        if total == 0:
            return "0s"
        for unit, size in (("ns", 1), ("µs", 1_000), ("ms", 1_000_000)):
            if total < size * 1_000 and total < 1_000_000_000:
                return f"{sign}{total / size:.9f}".rstrip("0").rstrip(".") + unit
        minutes, nanoseconds = divmod(total, 60_000_000_000)
        seconds = f"{nanoseconds / 1e9:.9f}".rstrip("0").rstrip(".") + "s"
        if minutes == 0:
            return sign + seconds
        return f"{sign}{minutes // 60}h{minutes % 60}m{seconds}" if minutes >= 60 else f"{sign}{minutes}m{seconds}"

    def Seconds(self) -> float:
        return float(self)

    def Minutes(self) -> float:
        return float(self) / 60

    def Hours(self) -> float:
        return float(self) / 3_600
