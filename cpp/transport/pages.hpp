// The pages for people (web/dashboard), which are part of the program: `/`, `/game` and what they load.
//
// Immutable; any thread.
#pragma once

#include <string>
#include <string_view>

#include "transport/http_message.hpp"

namespace mythos::transport {

struct Page {
    std::string_view content_type;
    std::string_view gzip;  // the file, compressed (RFC 1952)
    std::string etag;       // in quotes
};

// By the file's name, as `index.html`. Null: there is none, or the program was built without pages.
const Page* find_page(std::string_view name);

// What the request is answered: the page, compressed where that is accepted, or 304. The page may load nothing but its
// own files, run no script of its own text, and stand in no frame.
HttpResponse page_response(const Page& page, const HttpRequest& request);

// Whether a browser asks, and not a program that would rather have text.
bool wants_html(const HttpRequest& request);

}  // namespace mythos::transport
