// A measurement that cannot be completed, and therefore has no figure. Thrown anywhere,
// caught once in main, which prints it and exits 1. The load generator uses an exception
// where the product uses Result: nothing here continues after an error.
#pragma once

#include <stdexcept>

namespace mythos::bench {

class Failure : public std::runtime_error {
public:
    using std::runtime_error::runtime_error;
};

}  // namespace mythos::bench
