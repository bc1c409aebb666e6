#include "monitor/certificates.hpp"

#include <gtest/gtest.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509.h>

#include <filesystem>
#include <fstream>
#include <memory>

#include "base/manual_clock.hpp"
#include "observe/temporary.hpp"

namespace mythos::monitor {
namespace {

constexpr std::int64_t kDay = 86'400;
constexpr std::int64_t kThen = 1'900'000'000;
constexpr std::int64_t kYear9999 = 253'402'300'799;

// What the two of one program have in common: a key, and the way that OpenSSL writes PEM.
std::string written(const auto& write) {
    const std::unique_ptr<BIO, decltype(&BIO_free)> out(BIO_new(BIO_s_mem()), &BIO_free);
    EXPECT_EQ(write(out.get()), 1);
    char* text = nullptr;
    const long size = BIO_get_mem_data(out.get(), &text);
    return {text, static_cast<std::size_t>(size)};
}

EVP_PKEY* key() {
    static const std::unique_ptr<EVP_PKEY, decltype(&EVP_PKEY_free)> made(EVP_EC_gen("P-256"), &EVP_PKEY_free);
    return made.get();
}

std::string certificate(std::int64_t expiry) {
    const std::unique_ptr<X509, decltype(&X509_free)> made(X509_new(), &X509_free);
    ASN1_TIME_set(X509_getm_notBefore(made.get()), 0);
    ASN1_TIME_set(X509_getm_notAfter(made.get()), expiry);
    X509_set_pubkey(made.get(), key());
    EXPECT_GT(X509_sign(made.get(), key(), EVP_sha256()), 0);
    return written([&](BIO* out) { return PEM_write_bio_X509(out, made.get()); });
}

std::string private_key() {
    return written(
        [](BIO* out) { return PEM_write_bio_PKCS8PrivateKey(out, key(), nullptr, nullptr, 0, nullptr, nullptr); });
}

std::string broken() {
    std::string text = certificate(kThen);
    text.replace(text.find('\n') + 1, 8, "AAAAAAAA");
    return text;
}

TEST(FirstExpiry, IsThatOfTheCertificateThatExpiresFirst) {
    const std::string leaf = certificate(kThen), issuer = certificate(kThen + kDay);
    EXPECT_EQ(*first_expiry(leaf), kThen);
    EXPECT_EQ(*first_expiry(leaf + issuer), kThen);
    EXPECT_EQ(*first_expiry(issuer + leaf), kThen);
}

TEST(FirstExpiry, WhateverElseStandsInTheFileIsPassedOver) {
    EXPECT_EQ(*first_expiry("The proxy's own:\n" + private_key() + certificate(kThen) + "\n\n"), kThen);
}

TEST(FirstExpiry, LongAgoAndTheEndOfTimeAreTimes) {
    EXPECT_EQ(*first_expiry(certificate(0)), 0);
    EXPECT_EQ(*first_expiry(certificate(kYear9999)), kYear9999);
}

TEST(FirstExpiry, RefusesWhatHasNoneOrABrokenOne) {
    EXPECT_EQ(first_expiry("").error().code, "no_certificate");
    EXPECT_EQ(first_expiry(std::string(100, '\0')).error().code, "no_certificate");
    EXPECT_EQ(first_expiry(private_key()).error().code, "no_certificate");
    EXPECT_EQ(first_expiry(broken()).error().code, "bad_certificate");
    EXPECT_EQ(first_expiry(certificate(kThen) + broken()).error().code, "bad_certificate");
    const std::string whole = certificate(kThen);
    EXPECT_EQ(first_expiry(whole.substr(0, whole.size() / 2)).error().code, "bad_certificate");
}

class CertificatesTest : public testing::Test {
protected:
    // As who renews certificates does it: the new file takes the old one's place at once.
    void put(const std::string& text) {
        std::ofstream(root_.path("new")) << text;
        std::filesystem::rename(root_.path("new"), path_);
    }
    std::string look() {
        certificates_.look();
        std::vector<prometheus::MetricFamily> all;
        certificates_.add_metrics(all);
        std::string told;
        for (const auto& family : all)
            for (const auto& series : family.metric) {
                EXPECT_EQ(series.label.front().value, path_);
                told += family.name.substr(family.name.rfind('_') + 1) + " " +
                        std::to_string(static_cast<std::int64_t>(series.gauge.value)) + "; ";
            }
        return told;
    }
    std::uint64_t failures() const { return errors_.count(stats::Counter::certificate_failures); }

    test::TemporaryDirectory root_;
    const std::string path_ = root_.path("proxy.pem");
    ManualClock clock_;
    test::MemoryFile lines_;
    std::unique_ptr<observe::Logging> logging_ =
        std::move(observe::Logging::open({.output = lines_.descriptor()}, clock_).value());
    observe::ErrorTracker errors_{clock_};
    Certificates certificates_{{path_, path_}, errors_, logging_->named("server.monitoring")};
};

TEST_F(CertificatesTest, TellNothingBeforeTheFirstLook) {
    std::vector<prometheus::MetricFamily> all;
    certificates_.add_metrics(all);
    EXPECT_TRUE(all.empty());
}

TEST_F(CertificatesTest, AreReadAgainWhenTheFileChanges) {
    put(certificate(kThen));
    EXPECT_EQ(look(), "seconds 1900000000; readable 1; ");
    EXPECT_EQ(look(), "seconds 1900000000; readable 1; ");
    put(certificate(kThen + kDay));
    EXPECT_EQ(look(), "seconds 1900086400; readable 1; ");
    EXPECT_EQ(failures(), 0u);
}

TEST_F(CertificatesTest, AFaultIsToldOnceUntilItIsAnother) {
    const auto newest = [this] { return errors_.recent(1).front(); };
    EXPECT_EQ(look(), "readable 0; ");
    EXPECT_EQ(look(), "readable 0; ");
    EXPECT_EQ(failures(), 1u);
    EXPECT_EQ(newest().code, "unreadable");
    EXPECT_NE(newest().details.find(path_), std::string::npos);
    EXPECT_EQ(newest().message, "Certificate not read: No such file or directory");

    put("no certificate");
    EXPECT_EQ(look(), "readable 0; ");
    EXPECT_EQ(failures(), 2u);
    EXPECT_EQ(newest().code, "no_certificate");
    put(broken());
    EXPECT_EQ(look(), "readable 0; ");
    EXPECT_EQ(newest().code, "bad_certificate");

    put(certificate(kThen));
    EXPECT_EQ(look(), "seconds 1900000000; readable 1; ");
    std::filesystem::remove(path_);
    EXPECT_EQ(look(), "readable 0; ");
    EXPECT_EQ(failures(), 4u);
}

TEST_F(CertificatesTest, WhatIsNoFileOfCertificatesIsNotRead) {
    std::filesystem::create_directory(path_);
    EXPECT_EQ(look(), "readable 0; ");
    std::filesystem::remove(path_);
    put(certificate(kThen));
    std::filesystem::resize_file(path_, kCertificateFileBytesMax + 1);
    EXPECT_EQ(look(), "readable 0; ");
    EXPECT_EQ(errors_.recent(1).front().code, "unreadable");
    EXPECT_EQ(failures(), 2u);
}

}  // namespace
}  // namespace mythos::monitor
