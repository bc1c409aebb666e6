#include "transport/request_times.hpp"

#include <algorithm>

namespace mythos::transport {

void RequestTimes::record(std::optional<Route> route, bool head, Duration took) {
    const std::size_t row = route ? 2 * static_cast<std::size_t>(*route) + head : kRows - 1;
    times_[row].record(static_cast<std::uint64_t>(std::max<std::int64_t>(took.ns, 0)));
}

RequestTimes::Row RequestTimes::row(std::size_t index) const {
    if (index == kRows - 1) return {"other", "other", times_[index]};
    const RouteName name = name_of(static_cast<Route>(index / 2));
    return {index % 2 == 0 ? name.method : "HEAD", name.path, times_[index]};
}

}  // namespace mythos::transport
