#include "base/clock.hpp"

#include <chrono>
#include <cstdio>
#include <ctime>

namespace mythos {

std::string iso8601(WallTime t) {
    std::int64_t us = t.ns / 1'000;
    std::int64_t s = us / 1'000'000;
    us %= 1'000'000;
    if (us < 0) {
        us += 1'000'000;
        --s;
    }
    const std::time_t secs = s;
    std::tm tm{};
    gmtime_r(&secs, &tm);
    char out[64];
    const auto n = std::strftime(out, sizeof out, "%Y-%m-%dT%H:%M:%S", &tm);
    std::snprintf(out + n, sizeof out - n, ".%06lldZ", static_cast<long long>(us));
    return out;
}

MonoTime SystemClock::mono() const {
    using namespace std::chrono;
    return {duration_cast<std::chrono::nanoseconds>(steady_clock::now().time_since_epoch()).count()};
}

WallTime SystemClock::wall() const {
    using namespace std::chrono;
    return {duration_cast<std::chrono::nanoseconds>(system_clock::now().time_since_epoch()).count()};
}

}  // namespace mythos
