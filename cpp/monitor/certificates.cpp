#include "monitor/certificates.hpp"

#include <openssl/asn1.h>
#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <sys/stat.h>

#include <algorithm>
#include <cerrno>
#include <ctime>
#include <fstream>
#include <memory>
#include <system_error>
#include <utility>

#include "monitor/families.hpp"

namespace mythos::monitor {

namespace {

struct Free {
    void operator()(BIO* bio) const { BIO_free(bio); }
    void operator()(X509* certificate) const { X509_free(certificate); }
};

Error unreadable(int code) { return {"unreadable", std::generic_category().message(code)}; }

std::optional<std::int64_t> expiry_of(const X509& certificate) {
    std::tm time{};
    if (ASN1_TIME_to_tm(X509_get0_notAfter(&certificate), &time) != 1) return std::nullopt;
    return timegm(&time);
}

// No more than it had when it was asked for its state.
Result<std::int64_t> read_expiry(const std::string& path, std::int64_t bytes) {
    std::string text(static_cast<std::size_t>(bytes), '\0');
    errno = 0;
    std::ifstream file(path, std::ios::binary);
    file.read(text.data(), bytes);
    if (!file.is_open() || file.bad()) return unreadable(errno == 0 ? EIO : errno);
    text.resize(static_cast<std::size_t>(file.gcount()));
    return first_expiry(text);
}

// WallTime ends before some certificates do.
std::string shown(std::int64_t epoch_seconds) {
    const std::time_t time = epoch_seconds;
    std::tm parts{};
    gmtime_r(&time, &parts);
    char text[32];
    return {text, std::strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%SZ", &parts)};
}

}  // namespace

Result<std::int64_t> first_expiry(std::string_view pem) {
    const std::unique_ptr<BIO, Free> source(BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size())));
    std::optional<std::int64_t> first;
    ERR_clear_error();
    while (const std::unique_ptr<X509, Free> certificate{PEM_read_bio_X509(source.get(), nullptr, nullptr, nullptr)}) {
        const auto expiry = expiry_of(*certificate);
        if (!expiry) return Error{"bad_certificate", "A certificate has no time at which it expires."};
        first = std::min(first.value_or(*expiry), *expiry);
    }
    const unsigned long why = ERR_peek_last_error();
    ERR_clear_error();
    // That nothing more begins is how the text ends; anything else went wrong within a certificate.
    if (ERR_GET_LIB(why) != ERR_LIB_PEM || ERR_GET_REASON(why) != PEM_R_NO_START_LINE)
        return Error{"bad_certificate", "A certificate is broken."};
    if (!first) return Error{"no_certificate", "There is no certificate in PEM."};
    return *first;
}

Certificates::Certificates(const std::vector<std::string>& files, observe::ErrorTracker& errors, observe::Log& log)
    : errors_(errors), log_(log) {
    // A name given twice would be the same series twice, of which Prometheus takes no scrape.
    for (const std::string& path : files)
        if (std::ranges::find(files_, path, &File::path) == files_.end()) files_.push_back({.path = path});
}

Result<Certificates::State> Certificates::state_of(const std::string& path) {
    struct stat found {};
    if (stat(path.c_str(), &found) != 0) return unreadable(errno);
    if (!S_ISREG(found.st_mode)) return Error{"unreadable", "It is no file."};
    if (found.st_size > kCertificateFileBytesMax) return Error{"unreadable", "It is larger than 1 MiB."};
    const Duration changed = seconds(found.st_ctim.tv_sec) + nanoseconds(found.st_ctim.tv_nsec);
    return State{found.st_dev, found.st_ino, found.st_size, changed.ns};
}

void Certificates::look() {
    for (File& file : files_) {
        // Before it is read: what is written meanwhile is another state.
        const auto state = state_of(file.path);
        if (!state) {
            file.state.reset();
            settle(file, state.error());
        } else if (file.state != *state) {
            file.state = *state;
            settle(file, read_expiry(file.path, state->bytes));
        }
    }
}

void Certificates::settle(File& file, const Result<std::int64_t>& expiry) {
    const bool same_fault = !expiry && file.expiry && !*file.expiry && file.expiry->error() == expiry.error();
    if (same_fault) return;
    {
        const std::lock_guard lock(mutex_);
        file.expiry.emplace(expiry);
    }
    if (expiry)
        log_.info("Certificate read", {{"file", file.path}, {"expires_at", shown(*expiry)}});
    else
        errors_.record(stats::Counter::certificate_failures,
                       {.code = expiry.error().code, .text = expiry.error().message, .log = &log_},
                       {{"file", file.path}});
}

void Certificates::add_metrics(std::vector<prometheus::MetricFamily>& all) const {
    const std::lock_guard lock(mutex_);
    for (const File& file : files_)
        if (file.expiry && *file.expiry)
            add_gauge(all, "mythos_certificate_expiry_timestamp_seconds",
                      "When the first certificate of a file expires, in seconds since 1970.",
                      static_cast<double>(**file.expiry), {{"file", file.path}});
    for (const File& file : files_)
        if (file.expiry)
            add_gauge(all, "mythos_certificate_readable", "1 while a file of monitor.certificates can be read, else 0.",
                      file.expiry->ok() ? 1 : 0, {{"file", file.path}});
}

}  // namespace mythos::monitor
