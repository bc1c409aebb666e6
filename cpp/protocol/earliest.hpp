// The earliest of several deadlines, some of which may not exist.
#pragma once

#include <optional>

#include "base/clock.hpp"

namespace mythos::protocol {

class Earliest {
public:
    void consider(std::optional<MonoTime> t) {
        if (t && (!value_ || *t < *value_)) value_ = t;
    }
    std::optional<MonoTime> value() const { return value_; }

private:
    std::optional<MonoTime> value_;
};

}  // namespace mythos::protocol
