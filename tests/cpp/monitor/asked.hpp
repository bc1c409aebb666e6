// What a view answers at once.
#pragma once

#include <optional>

#include "monitor/answers.hpp"

namespace mythos::monitor {

inline MonitorAnswer asked(const Answers& answers, const MonitorRequest& request) {
    std::optional<MonitorAnswer> told;
    answers.answer(request, [&](MonitorAnswer answer) { told.emplace(std::move(answer)); });
    return told.value();
}

}  // namespace mythos::monitor
