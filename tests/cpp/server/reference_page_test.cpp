#include "server/reference_page.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "observe/temporary.hpp"
#include "server/options.hpp"

namespace mythos::server {
namespace {

TEST(ReferencePage, HasARowForEachOption) {
    const std::string page = reference_page();
    for (const Option& option : all_options()) {
        EXPECT_THAT(page, testing::HasSubstr("| `" + std::string(option.name) + "` |"));
    }
}

TEST(ReferencePage, IsTheOneInTheRepository) {
    EXPECT_EQ(test::read_file(MYTHOS_SOURCE_DIR "/docs/reference/config.md"), reference_page())
        << "run `make reference` and commit what it wrote";
}

}  // namespace
}  // namespace mythos::server
