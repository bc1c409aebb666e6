// From the options to what the floors below act on. Pure; any thread.
#pragma once

#include <cstdint>

#include "observe/log.hpp"
#include "server/config.hpp"
#include "server/server.hpp"

namespace mythos::server {

// `config` was checked by its loader. `descriptors`: how many the process may open; connections are bounded by it where
// no bound is set.
ServerSettings settings_from(const Config& config, std::uint64_t descriptors);

// `log.file` = "auto" in a program that is nothing but a server.
inline constexpr const char* kProgramLogFile = "logs/mythos.log";

// `store.url` = "auto" in such a program.
inline constexpr const char* kProgramStoreUrl = "sqlite:///data/mythos.db";

// Where the log of such a program goes and how much of it; lines go to standard output besides.
observe::LogSettings log_settings(const Config& config);

// What of `descriptors` connections may take: a reserve stays for HTTP requests, probes, files and listeners.
std::size_t connections_within(std::uint64_t descriptors);

}  // namespace mythos::server
