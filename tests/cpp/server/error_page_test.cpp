#include "server/error_page.hpp"

#include <gtest/gtest.h>

#include "observe/temporary.hpp"
#include "stats/faults.hpp"

namespace mythos::server {
namespace {

TEST(ErrorPageTest, HasEveryErrorOnce) {
    const std::string page = error_page();
    for (const stats::Fault& fault : stats::all_faults()) {
        const std::string counter = "`" + std::string(name_of(fault.counter)) + "`";
        const auto at = page.find(counter);
        ASSERT_NE(at, std::string::npos) << counter;
        EXPECT_EQ(page.find(counter, at + 1), std::string::npos) << counter;
    }
}

TEST(ErrorPageTest, IsTheOneThatIsCommitted) {
    EXPECT_EQ(test::read_file(MYTHOS_SOURCE_DIR "/docs/reference/errors.md"), error_page())
        << "run `make reference` and commit what it wrote";
}

}  // namespace
}  // namespace mythos::server
