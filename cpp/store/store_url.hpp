// Where the store is, read from its URL: `sqlite:///FILE`, as SQLAlchemy writes it (three slashes for a relative path,
// four for an absolute one), or `postgresql://USER@HOST:PORT/DATABASE`, as libpq takes it, parameters included.
//
// Pure functions; any thread. An Error's message never repeats the URL, which may hold a password.
#pragma once

#include <string>
#include <string_view>

#include "base/result.hpp"

namespace mythos::store {

struct StoreUrl {
    enum class Kind { none, sqlite, postgresql };
    Kind kind = Kind::none;
    std::string file;        // sqlite
    std::string connection;  // postgresql: libpq's `name='value' …`; secret
    std::string shown;       // for people: without password and parameters
};

// `none` and the empty text switch the store off. Error `bad_store_url`: says what to write.
Result<StoreUrl> parse_store_url(std::string_view url);

// The URL without what must not be told, also of one that is faulty.
std::string shown_store_url(std::string_view url);

// For people.
inline constexpr std::string_view kStoreUrlForms = "sqlite:///FILE, postgresql://USER@HOST:PORT/DATABASE, or none";

}  // namespace mythos::store
