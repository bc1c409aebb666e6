// Instants as the tables hold them: ISO 8601 in UTC with milliseconds, `2026-01-06 19:55:00.000+00:00`. PostgreSQL
// reads it into a timestamptz; SQLite keeps the text, which sorts as the instants do and which its date functions read.
//
// Pure functions; any thread.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/clock.hpp"

namespace mythos::store {

std::string wall_text(WallTime t);

// Reads what `wall_text` writes and what PostgreSQL answers in UTC (`2026-01-06 19:55:00.12+00`).
std::optional<WallTime> parse_wall_text(std::string_view text);

}  // namespace mythos::store
