#include "common/base/error.hpp"

#include <doctest/doctest.h>

using namespace culvert;

TEST_CASE("context goes before the text and keeps the kind") {
    const Error error{ErrorKind::network, "connection refused"};
    const Error told = with_context("gw:22", error);
    CHECK(told.what() == std::string{"gw:22: connection refused"});
    CHECK(told.kind() == ErrorKind::network);
}

TEST_CASE("a hint stays with its error, through copies and contexts") {
    CHECK(Error{ErrorKind::usage, "no key"}.hint().empty());
    CHECK(Error{ErrorKind::usage, "no key", Hint{}}.hint().empty());
    const Error error{ErrorKind::usage, "no key", Hint{"culvert keygen"}};
    CHECK(error.what() == std::string{"no key"});
    CHECK(Error{error}.hint() == "culvert keygen");
    CHECK(with_context("gw:22", error).hint() == "culvert keygen");
}

TEST_CASE("every exception has a text for the log") {
    CHECK(text_of_exception(std::make_exception_ptr(std::runtime_error{"why"})) == "why");
    CHECK(text_of_exception(std::make_exception_ptr(7)) == "an unknown exception");
}
