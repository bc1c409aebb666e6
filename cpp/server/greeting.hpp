// What a person is told who has started the server at a terminal: the addresses, and three commands to try.
// Pure; any thread.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace mythos::server {

std::string greeting(std::string_view host, std::uint16_t port);

}  // namespace mythos::server
