// docs/reference/config.md, made from the table of options. No state; any thread.
#pragma once

#include <string>

namespace mythos::server {

std::string reference_page();

}  // namespace mythos::server
