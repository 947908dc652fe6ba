#pragma once

#include <doctest/doctest.h>

#include "common/wire/protocol_error.hpp"

namespace culvert::test {

/// The error with which `action` is refused. One that isn't refused fails the test.
template <class Action>
ProtocolError refusal(Action&& action) {
    try {
        action();
    } catch (const ProtocolError& error) {
        return error;
    }
    FAIL("nothing was refused");
    return ProtocolError{""};
}

}  // namespace culvert::test
