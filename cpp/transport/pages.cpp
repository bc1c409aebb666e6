#include "transport/pages.hpp"

#include <zlib.h>

#include <array>
#include <cstdint>
#include <cstdio>
#include <stdexcept>
#include <utility>
#include <vector>

#include "transport/accept.hpp"

namespace mythos::transport {

// The assembler looks for the files where the build has put them (cpp/pages.cmake).
#ifdef MYTHOS_PAGES
#define MYTHOS_PAGE(name, file, type)                                                                      \
    asm(".pushsection .rodata,\"a\"\n"                                                                     \
        ".globl mythos_page_" #name "_begin\n.globl mythos_page_" #name "_end\n.hidden mythos_page_" #name \
        "_begin\n.hidden mythos_page_" #name                                                               \
        "_end\n"                                                                                           \
        "mythos_page_" #name "_begin:\n.incbin \"" file                                                    \
        ".gz\"\n"                                                                                          \
        "mythos_page_" #name "_end:\n.popsection\n");                                                      \
    extern "C" const char mythos_page_##name##_begin[], mythos_page_##name##_end[];
#include "transport/pages.def"
#undef MYTHOS_PAGE
#endif

namespace {

constexpr std::string_view kPolicy =
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; "
    "font-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

// FNV-1a, 64 bits: of a program's own files it need not withstand anybody.
std::string etag_of(std::string_view bytes) {
    std::uint64_t hash = 0xcbf29ce484222325;
    for (const char byte : bytes) hash = (hash ^ static_cast<unsigned char>(byte)) * 0x100000001b3;
    std::array<char, 20> text{};
    std::snprintf(text.data(), text.size(), "\"%016llx\"", static_cast<unsigned long long>(hash));
    return text.data();
}

const auto& all_pages() {
    static const std::vector<std::pair<std::string_view, Page>> pages = [] {
        std::vector<std::pair<std::string_view, Page>> all;
#ifdef MYTHOS_PAGES
        const auto add = [&](std::string_view file, std::string_view type, const char* begin, const char* end) {
            const std::string_view bytes(begin, static_cast<std::size_t>(end - begin));
            all.push_back({file, {type, bytes, etag_of(bytes)}});
        };
#define MYTHOS_PAGE(name, file, type) add(file, type, mythos_page_##name##_begin, mythos_page_##name##_end);
#include "transport/pages.def"
#undef MYTHOS_PAGE
#endif
        return all;
    }();
    return pages;
}

std::string inflated(std::string_view gzip) {
    z_stream stream{};
    constexpr int kGzip = 16;
    if (inflateInit2(&stream, MAX_WBITS + kGzip) != Z_OK) throw std::bad_alloc();
    stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(gzip.data()));
    stream.avail_in = static_cast<uInt>(gzip.size());
    std::string out;
    int done = Z_OK;
    std::array<char, 16384> some;
    while (done == Z_OK) {
        stream.next_out = reinterpret_cast<Bytef*>(some.data());
        stream.avail_out = static_cast<uInt>(some.size());
        done = inflate(&stream, Z_NO_FLUSH);
        out.append(some.data(), some.size() - stream.avail_out);
    }
    inflateEnd(&stream);
    if (done != Z_STREAM_END) throw std::runtime_error("a page of the program is damaged");
    return out;
}

}  // namespace

const Page* find_page(std::string_view name) {
    for (const auto& [file, page] : all_pages())
        if (file == name) return &page;
    return nullptr;
}

HttpResponse page_response(const Page& page, const HttpRequest& request) {
    HttpResponse response;
    response.content_type = page.content_type;
    response.headers = {{"ETag", page.etag},
                        {"Cache-Control", "no-cache"},
                        {"Vary", "Accept, Accept-Encoding"},
                        {"Content-Security-Policy", std::string(kPolicy)},
                        {"Referrer-Policy", "no-referrer"},
                        {"Cross-Origin-Opener-Policy", "same-origin"},
                        {"Cross-Origin-Resource-Policy", "same-origin"}};
    if (request.joined_header("If-None-Match").find(page.etag) != std::string::npos) {
        response.status = 304;
    } else if (accepts_gzip(request.joined_header("Accept-Encoding"))) {
        response.headers.emplace_back("Content-Encoding", "gzip");
        response.body = page.gzip;
    } else {
        response.body = inflated(page.gzip);
    }
    return response;
}

bool wants_html(const HttpRequest& request) {
    return weight_in(request.joined_header("Accept"), {"text/html"}).value_or(0) > 0;
}

}  // namespace mythos::transport
