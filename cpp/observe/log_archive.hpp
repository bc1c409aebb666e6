// The rotated files of a log: their names, their compression, and the end of the oldest.
//
// `mythos.log` is renamed to `mythos.log.20261123T101500.123456Z`, the time of its rotation in UTC, so that names sort
// as the files follow each other, and becomes `….gz` a little later, on a thread of lowest priority that is here for
// it: who writes lines never waits. Compression goes through `….gz.part`; one that is interrupted begins again at the
// next rotation or start. A file that cannot be compressed stays as it is.
//
// Thread-safety: one thread calls tend(); the functions beside the class, any.
#pragma once

#include <atomic>
#include <condition_variable>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "base/clock.hpp"

namespace mythos::observe {

class LogArchive {
public:
    // `path`: of the file that is rotated.
    explicit LogArchive(std::string path) : path_(std::move(path)) {}
    // Ends what it is at; the rest waits for the next start.
    ~LogArchive();
    LogArchive(const LogArchive&) = delete;
    LogArchive& operator=(const LogArchive&) = delete;

    // What the file is to be called that is rotated now: nothing is called so yet, and what was rotated before has an
    // earlier name, also where the clock was set back.
    std::string next_name(WallTime now);

    // Has its thread compress what is not compressed and delete all but the newest `keep`.
    void tend(std::size_t keep);

private:
    void run();

    const std::string path_;
    WallTime last_;  // name given
    std::mutex mutex_;
    std::condition_variable asked_;
    bool wanted_ = false;   // guarded by mutex_
    std::size_t keep_ = 0;  // guarded by mutex_
    std::atomic<bool> ends_{false};
    std::thread thread_;
};

// The rotated files of the log at `path`, oldest first, compressed or not.
std::vector<std::string> rotated_files(const std::string& path);

// Makes `file.gz` of the file and deletes it; false: it could not, or `stop` became true, and all is as before.
bool compress_file(const std::string& file, const std::atomic<bool>& stop);

}  // namespace mythos::observe
