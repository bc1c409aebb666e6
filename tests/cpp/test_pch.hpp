// Precompiled for the unit tests: GoogleTest and what nearly every test includes.
#pragma once

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "pch.hpp"
