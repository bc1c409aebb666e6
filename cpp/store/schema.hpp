// The tables and how they came to be: numbered steps, applied once each, forward only.
//
// Safe when several servers start at once: one goes through the steps, the others wait and find them done. Throws what
// SOCI throws, and SchemaNewer, which leaves everything as it is.
#pragma once

#include <stdexcept>

#include "base/clock.hpp"
#include "store/session.hpp"

namespace mythos::store {

inline constexpr int kSchemaVersion = 1;

struct SchemaNewer : std::runtime_error {
    SchemaNewer() : std::runtime_error("the schema is newer than this server") {}
};

// `now` goes into the table of what was applied.
void migrate(Session& session, WallTime now);

}  // namespace mythos::store
