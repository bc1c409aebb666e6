// What the process asks of the operating system for itself. Any thread; best at start.
#pragma once

#include <cstdint>

namespace mythos::server {

// Raises the soft limit of open descriptors to the hard one; the limit that holds then.
std::uint64_t raise_descriptor_limit();

}  // namespace mythos::server
