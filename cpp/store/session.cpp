#include "store/session.hpp"

#include <fcntl.h>
#include <libpq-fe.h>
#include <soci/postgresql/soci-postgresql.h>
#include <soci/sqlite3/soci-sqlite3.h>
#include <sys/socket.h>
#include <unistd.h>

#include <filesystem>

namespace mythos::store {

namespace {

constexpr int kLockWaitS = 1;  // for another writer, at each statement

// A writer of rows at the end reads little again; SQLite would keep 2 MiB of pages.
constexpr std::string_view kPageCache = "PRAGMA cache_size=-256";

// Any number that others do not use for a lock of theirs: "mythos" in ASCII.
constexpr std::string_view kLockSchema = "SELECT pg_advisory_xact_lock(120313497186163)";

soci::session connect(const StoreUrl& url) {
    if (url.kind == StoreUrl::Kind::postgresql) return {soci::postgresql, url.connection};
    std::error_code ignored;  // opening the file will tell
    std::filesystem::create_directories(std::filesystem::path(url.file).parent_path(), ignored);
    return {soci::sqlite3, "dbname=\"" + url.file + "\" timeout=" + std::to_string(kLockWaitS)};
}

}  // namespace

Session::Session(const StoreUrl& url) : kind_(url.kind), sql_(connect(url)) {
    if (kind_ != StoreUrl::Kind::postgresql) return;
    auto* backend = static_cast<soci::postgresql_session_backend*>(sql_.get_backend());
    socket_ = ::fcntl(PQsocket(backend->conn_), F_DUPFD_CLOEXEC, 0);
}

Session::~Session() {
    if (socket_ >= 0) ::close(socket_);
}

void Session::prepare() {
    if (kind_ == StoreUrl::Kind::postgresql) {
        sql_ << "SET TIME ZONE 'UTC'";
        sql_ << "SET DateStyle TO ISO";
        return;
    }
    // With a write-ahead log readers do not wait for the writer, nor it for them, and a commit needs no sync: it
    // survives the end of the process, and a power cut may take the last moments of a history.
    std::string mode;
    sql_ << "PRAGMA journal_mode=WAL", soci::into(mode);
    sql_ << "PRAGMA synchronous=NORMAL";
    sql_ << kPageCache.data();
}

void Session::begin_alone() {
    if (kind_ == StoreUrl::Kind::sqlite) {
        sql_ << "BEGIN IMMEDIATE";
    } else {
        sql_.begin();
        sql_ << kLockSchema.data();
    }
}

void Session::interrupt() {
    if (kind_ == StoreUrl::Kind::sqlite) {
        auto* backend = static_cast<soci::sqlite3_session_backend*>(sql_.get_backend());
        sqlite_api::sqlite3_interrupt(backend->conn_);
    } else if (socket_ >= 0) {
        ::shutdown(socket_, SHUT_RDWR);
    }
}

}  // namespace mythos::store
