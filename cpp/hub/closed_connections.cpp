#include "hub/closed_connections.hpp"

#include <algorithm>

namespace mythos::hub {

void ClosedConnections::add(ClosedConnection closed) {
    auto kept = std::make_shared<const ClosedConnection>(std::move(closed));
    const std::lock_guard lock(mutex_);
    if (newest_last_.size() == kMax) newest_last_.pop_front();
    newest_last_.push_back(std::move(kept));
}

std::shared_ptr<const ClosedConnection> ClosedConnections::find(const std::string& connection_id) const {
    const std::lock_guard lock(mutex_);
    const auto at = std::find_if(newest_last_.rbegin(), newest_last_.rend(),
                                 [&](const auto& closed) { return closed->connection_id == connection_id; });
    return at == newest_last_.rend() ? nullptr : *at;
}

}  // namespace mythos::hub
