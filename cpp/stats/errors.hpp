// The kinds of errors that are counted, and the counts: exact, by type and severity, one shard a thread.
#pragma once

#include <array>
#include <optional>
#include <string_view>

#include "stats/count_shard.hpp"

namespace mythos::stats {

enum class ErrorType : std::uint8_t { connection, authentication, session, message_delivery, system, validation };
enum class Severity : std::uint8_t { low, medium, high, critical };

inline constexpr std::array<std::string_view, 6> kErrorTypes = {"connection_error", "authentication_error",
                                                                "session_error",    "message_delivery_error",
                                                                "system_error",     "validation_error"};
inline constexpr std::array<std::string_view, 4> kSeverities = {"low", "medium", "high", "critical"};

constexpr std::string_view name_of(ErrorType type) { return kErrorTypes[static_cast<std::size_t>(type)]; }
constexpr std::string_view name_of(Severity severity) { return kSeverities[static_cast<std::size_t>(severity)]; }

template <class Kind, std::size_t N>
constexpr std::optional<Kind> named(const std::array<std::string_view, N>& names, std::string_view name) {
    for (std::size_t i = 0; i < N; ++i)
        if (names[i] == name) return static_cast<Kind>(i);
    return std::nullopt;
}
constexpr std::optional<ErrorType> error_type_named(std::string_view name) {
    return named<ErrorType>(kErrorTypes, name);
}
constexpr std::optional<Severity> severity_named(std::string_view name) { return named<Severity>(kSeverities, name); }

inline constexpr std::size_t kErrors = kErrorTypes.size() * kSeverities.size();

// Where a shard, and windows over shards, count errors of this kind.
constexpr std::size_t index_of(ErrorType type, Severity severity) {
    return static_cast<std::size_t>(type) * kSeverities.size() + static_cast<std::size_t>(severity);
}

using ErrorShard = CountShard<kErrors>;

}  // namespace mythos::stats
