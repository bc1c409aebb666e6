// The certificates of monitor.certificates, which whoever ends TLS before the server serves: when they expire.
//
// `look` about once a second: it asks the system for each file's state, and reads those that have changed, which are a
// few kilobytes. Of a file the certificate that expires first counts, as clients refuse the chain from then on; keys
// and whatever else stands in it are passed over. A file that cannot be read, or has no certificate or a broken one, is
// an error once, until it is otherwise; it is told as unreadable and has no expiry, as what is served is then unknown.
//
// Metrics: `mythos_certificate_expiry_timestamp_seconds{file}`, `mythos_certificate_readable{file}`; neither without
// files. Thread-safety: any thread, `look` one at a time; no file is read with the mutex held.
#pragma once

#include <prometheus/metric_family.h>

#include <cstdint>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"
#include "observe/error_tracker.hpp"
#include "observe/log.hpp"

namespace mythos::monitor {

// A chain has some kilobytes; what is larger is no file of certificates.
inline constexpr std::int64_t kCertificateFileBytesMax = 1 << 20;

// When the first of the certificates in PEM (RFC 7468) expires, in seconds since 1970: RFC 5280 lets it be the year
// 9999, which is beyond WallTime. Errors: `no_certificate`, `bad_certificate`. Pure.
Result<std::int64_t> first_expiry(std::string_view pem);

class Certificates {
public:
    // `errors` and `log` outlive it.
    Certificates(const std::vector<std::string>& files, observe::ErrorTracker& errors, observe::Log& log);

    void look();
    void add_metrics(std::vector<prometheus::MetricFamily>& all) const;

private:
    // What tells a file from the one that was read: a renewal replaces it, or writes it anew.
    struct State {
        std::uint64_t device, inode;
        std::int64_t bytes, changed_ns;
        friend bool operator==(const State&, const State&) = default;
    };
    struct File {
        std::string path;
        std::optional<State> state = {};  // as it was read
        std::optional<Result<std::int64_t>> expiry = {};
    };

    static Result<State> state_of(const std::string& path);
    void settle(File& file, const Result<std::int64_t>& expiry);

    observe::ErrorTracker& errors_;
    observe::Log& log_;
    mutable std::mutex mutex_;
    std::vector<File> files_;  // written by `look` alone, under mutex_
};

}  // namespace mythos::monitor
