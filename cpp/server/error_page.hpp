// The reference page of all errors (docs/reference/errors.md), from the table that classes them.
#pragma once

#include <string>

namespace mythos::server {

std::string error_page();

}  // namespace mythos::server
