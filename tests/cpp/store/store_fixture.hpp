// A store on a SQLite file, with a log that nobody reads and waits that suit a test.
#pragma once

#include <gtest/gtest.h>

#include <memory>

#include "store/database.hpp"
#include "store/store.hpp"

namespace mythos::store {

class StoreFixture : public testing::Test {
protected:
    StoreFixture() {
        settings.url = database.url();
        settings.server_id = "here:1";
        settings.linger = milliseconds(1);
        settings.retry_first = milliseconds(1);
        settings.retry_max = milliseconds(20);
        settings.touch_interval = milliseconds(10);
    }
    Result<std::unique_ptr<Store>> start() { return Store::start(settings, logging->named("test"), errors); }

    SystemClock clock;
    test::MemoryFile lines;
    std::unique_ptr<observe::Logging> logging =
        std::move(observe::Logging::open({.output = lines.descriptor()}, clock)).value();
    observe::ErrorTracker errors{clock};
    Database database;
    StoreSettings settings;
};

}  // namespace mythos::store
