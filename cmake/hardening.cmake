# What makes a fault in our code harder to use, in the builds that users run (Release and
# RelWithDebInfo). Each flag is asked of the compiler first: not every one is there for every CPU.
include(CheckCXXCompilerFlag)
foreach(flag -fstack-protector-strong -fstack-clash-protection -fcf-protection=full
             -mbranch-protection=standard -ftrivial-auto-var-init=zero -fPIE)
  string(MAKE_C_IDENTIFIER "CULVERT_HAS${flag}" known)
  check_cxx_compiler_flag(${flag} ${known})
  if(${known})
    add_compile_options(${flag})
  endif()
endforeach()
# Distributions set a level of their own, which would be defined twice.
add_compile_options(-U_FORTIFY_SOURCE -D_FORTIFY_SOURCE=3)
add_compile_definitions(_GLIBCXX_ASSERTIONS)
add_link_options(-pie -Wl,-z,relro,-z,now,-z,noexecstack)
# Our asserts stay on: most of them guard lifetimes, and one that fails must not become a write into
# freed memory.
foreach(type RELEASE RELWITHDEBINFO)
  string(REPLACE "-DNDEBUG" "" CMAKE_CXX_FLAGS_${type} "${CMAKE_CXX_FLAGS_${type}}")
endforeach()
