/* SPDX-License-Identifier: GPL-2.0-or-later
 * The buffer: growth, its maximum, consuming, failures that change nothing, numbers.
 * Linked with --wrap=malloc, so that the allocator can say no. */
#include <stdlib.h>
#include <string.h>

#include "rfb/buf.h"
#include "rfb/err.h"
#include "unit.h"

void *__real_malloc(size_t n);
void *__wrap_malloc(size_t n);

static bool no_memory;
static unsigned mallocs;

void *__wrap_malloc(size_t n)
{
    mallocs++;
    return no_memory ? NULL : __real_malloc(n);
}

static void assert_holds(const struct rfb_buf *b, const char *expected)
{
    assert_int_equal(b->len, strlen(expected));
    if (b->len == 0)
        assert_null(rfb_buf_data(b));
    else
        assert_memory_equal(rfb_buf_data(b), expected, b->len);
}

static void starts_empty(void **state)
{
    (void)state;
    struct rfb_buf b;
    rfb_buf_init(&b, 10);
    assert_null(b.data);
    assert_holds(&b, "");
    assert_int_equal(rfb_buf_room(&b), 10);
    rfb_buf_finish(&b);
    assert_int_equal(rfb_buf_room(&b), 10);
    assert_int_equal(rfb_buf_put(&b, "again", 5), RFB_OK);
    assert_holds(&b, "again");
    rfb_buf_finish(&b);
}

static void grows_by_what_is_put(void **state)
{
    (void)state;
    struct rfb_buf b;
    rfb_buf_init(&b, 1 << 20);
    mallocs = 0;
    for (size_t i = 0; i < 3000; i++) {
        assert_int_equal(rfb_buf_put_u8(&b, (uint8_t)(i * 7)), RFB_OK);
        assert_true(b.cap <= 2 * b.len || b.cap <= 256);
    }
    assert_int_equal(b.len, 3000);
    assert_true(mallocs <= 5); /* 256, and doubled four times */
    for (size_t i = 0; i < 3000; i++)
        assert_int_equal(rfb_buf_data(&b)[i], (uint8_t)(i * 7));
    rfb_buf_finish(&b);
}

/* Each maximum is reached exactly, and not passed by a byte. */
static void stops_at_its_maximum(void **state)
{
    (void)state;
    static const size_t maxima[] = {1, 2, 255, 256, 257, 511, 512, 513, 1000, 4097};
    for (size_t i = 0; i < COUNT(maxima); i++) {
        struct rfb_buf b;
        rfb_buf_init(&b, maxima[i]);
        for (size_t n = 0; n < maxima[i]; n++) {
            assert_int_equal(rfb_buf_room(&b), maxima[i] - n);
            assert_int_equal(rfb_buf_put_u8(&b, 1), RFB_OK);
        }
        assert_int_equal(rfb_buf_room(&b), 0);
        assert_int_equal(rfb_buf_put_u8(&b, 1), RFB_E_TOO_LARGE);
        assert_int_equal(b.len, maxima[i]);
        assert_true(b.cap <= maxima[i]);
        rfb_buf_consume(&b, 1);
        assert_int_equal(rfb_buf_put(&b, "xy", 2), RFB_E_TOO_LARGE);
        assert_int_equal(rfb_buf_put(&b, "x", 1), RFB_OK);
        assert_int_equal(b.len, maxima[i]);
        rfb_buf_finish(&b);
    }
}

/* The whole maximum at once, whatever the steps of growth are. */
static void takes_its_maximum_at_once(void **state)
{
    (void)state;
    struct rfb_buf b;
    rfb_buf_init(&b, 1000);
    uint8_t *where;
    assert_int_equal(rfb_buf_reserve(&b, 1001, &where), RFB_E_TOO_LARGE);
    assert_int_equal(rfb_buf_reserve(&b, 1000, &where), RFB_OK);
    memset(where, 'a', 1000);
    rfb_buf_commit(&b, 1000);
    assert_int_equal(b.len, 1000);
    assert_int_equal(b.cap, 1000);
    rfb_buf_finish(&b);
}

static void consumes_from_the_front(void **state)
{
    (void)state;
    struct rfb_buf b;
    rfb_buf_init(&b, 100);
    assert_int_equal(rfb_buf_put(&b, "abcdef", 6), RFB_OK);
    rfb_buf_consume(&b, 2);
    assert_holds(&b, "cdef");
    rfb_buf_consume(&b, 0);
    assert_holds(&b, "cdef");
    assert_int_equal(rfb_buf_put(&b, "gh", 2), RFB_OK);
    assert_holds(&b, "cdefgh");
    rfb_buf_consume(&b, 6);
    assert_holds(&b, "");
    assert_int_equal(b.off, 0);
    assert_int_equal(rfb_buf_room(&b), 100);
    rfb_buf_finish(&b);
}

/* What was consumed makes room without another allocation. */
static void compacts_before_it_grows(void **state)
{
    (void)state;
    struct rfb_buf b;
    rfb_buf_init(&b, 256);
    uint8_t text[256];
    for (size_t i = 0; i < sizeof text; i++)
        text[i] = (uint8_t)i;
    assert_int_equal(rfb_buf_put(&b, text, 256), RFB_OK);
    const uint8_t *storage = b.data;
    rfb_buf_consume(&b, 200);
    assert_int_equal(rfb_buf_put(&b, text, 200), RFB_OK);
    assert_ptr_equal(b.data, storage);
    assert_int_equal(b.cap, 256);
    assert_memory_equal(rfb_buf_data(&b), text + 200, 56);
    assert_memory_equal(rfb_buf_data(&b) + 56, text, 200);
    rfb_buf_finish(&b);
}

/* Growing keeps what is there, also when its front was consumed. */
static void grows_behind_a_consumed_front(void **state)
{
    (void)state;
    struct rfb_buf b;
    rfb_buf_init(&b, 5000);
    uint8_t bytes[256];
    memset(bytes, 'x', sizeof bytes);
    assert_int_equal(rfb_buf_put(&b, bytes, 200), RFB_OK);
    assert_int_equal(rfb_buf_put(&b, "tail", 4), RFB_OK);
    rfb_buf_consume(&b, 200);
    memset(bytes, 'y', sizeof bytes);
    assert_int_equal(rfb_buf_put(&b, bytes, 256), RFB_OK);
    assert_int_equal(b.len, 260);
    assert_memory_equal(rfb_buf_data(&b), "tail", 4);
    assert_memory_equal(rfb_buf_data(&b) + 4, bytes, 256);
    rfb_buf_finish(&b);
}

static void a_reserve_that_is_not_committed_adds_nothing(void **state)
{
    (void)state;
    struct rfb_buf b;
    rfb_buf_init(&b, 100);
    uint8_t *where;
    assert_int_equal(rfb_buf_put(&b, "ab", 2), RFB_OK);
    assert_int_equal(rfb_buf_reserve(&b, 50, &where), RFB_OK);
    memset(where, 'z', 50);
    assert_holds(&b, "ab");
    rfb_buf_commit(&b, 1);
    assert_holds(&b, "abz");
    rfb_buf_finish(&b);
}

static void nothing_can_be_put(void **state)
{
    (void)state;
    struct rfb_buf b;
    rfb_buf_init(&b, 4);
    assert_int_equal(rfb_buf_put(&b, NULL, 0), RFB_OK);
    assert_holds(&b, "");
    assert_int_equal(rfb_buf_put(&b, "full", 4), RFB_OK);
    assert_int_equal(rfb_buf_put(&b, NULL, 0), RFB_OK);
    assert_holds(&b, "full");
    rfb_buf_finish(&b);
}

/* Sizes near the top of size_t do not wrap around. */
static void huge_sizes_are_refused(void **state)
{
    (void)state;
    struct rfb_buf b;
    uint8_t *where = NULL;
    rfb_buf_init(&b, 1000);
    assert_int_equal(rfb_buf_put(&b, "ab", 2), RFB_OK);
    assert_int_equal(rfb_buf_reserve(&b, SIZE_MAX, &where), RFB_E_TOO_LARGE);
    assert_int_equal(rfb_buf_reserve(&b, SIZE_MAX - 1, &where), RFB_E_TOO_LARGE);
    assert_int_equal(rfb_buf_reserve(&b, 999, &where), RFB_E_TOO_LARGE);
    assert_null(where);
    assert_holds(&b, "ab");
    rfb_buf_finish(&b);
}

/* An owner may lower the maximum below what is there: nothing more goes in until it fits again. */
static void a_lowered_maximum(void **state)
{
    (void)state;
    struct rfb_buf b;
    rfb_buf_init(&b, 1000);
    for (int i = 0; i < 300; i++)
        assert_int_equal(rfb_buf_put_u8(&b, 'a'), RFB_OK);
    b.max = 298;
    assert_int_equal(rfb_buf_room(&b), 0);
    assert_int_equal(rfb_buf_put(&b, "bcd", 3), RFB_E_TOO_LARGE);
    assert_int_equal(rfb_buf_put_u8(&b, 'b'), RFB_E_TOO_LARGE);
    assert_int_equal(b.len, 300);
    rfb_buf_consume(&b, 298);
    assert_int_equal(rfb_buf_room(&b), 296);
    assert_int_equal(rfb_buf_put(&b, "bcd", 3), RFB_OK);
    assert_holds(&b, "aabcd");
    rfb_buf_finish(&b);
}

static void without_memory_nothing_changes(void **state)
{
    (void)state;
    struct rfb_buf b;
    uint8_t *where = NULL;
    rfb_buf_init(&b, 10000);
    no_memory = true;
    assert_int_equal(rfb_buf_put_u32(&b, 1), RFB_E_NO_MEMORY);
    no_memory = false;
    assert_holds(&b, "");
    assert_int_equal(rfb_buf_put(&b, "abcdef", 6), RFB_OK);
    rfb_buf_consume(&b, 2);
    struct rfb_buf before = b;
    no_memory = true;
    assert_int_equal(rfb_buf_reserve(&b, 1000, &where), RFB_E_NO_MEMORY);
    no_memory = false;
    assert_null(where);
    assert_ptr_equal(b.data, before.data);
    assert_int_equal(b.off, before.off);
    assert_int_equal(b.cap, before.cap);
    assert_holds(&b, "cdef");
    assert_int_equal(rfb_buf_reserve(&b, 1000, &where), RFB_OK);
    assert_holds(&b, "cdef");
    rfb_buf_finish(&b);
}

/* A number goes in whole or not at all. */
static void numbers_are_big_endian(void **state)
{
    (void)state;
    static const uint8_t expected[] = {0xfe, 0x12, 0x34, 0x89, 0xab, 0xcd, 0xef};
    struct rfb_buf b;
    rfb_buf_init(&b, sizeof expected);
    assert_int_equal(rfb_buf_put_u8(&b, 0xfe), RFB_OK);
    assert_int_equal(rfb_buf_put_u16(&b, 0x1234), RFB_OK);
    assert_int_equal(rfb_buf_put_u32(&b, 0x89abcdef), RFB_OK);
    assert_memory_equal(rfb_buf_data(&b), expected, sizeof expected);
    assert_int_equal(rfb_get_u16(rfb_buf_data(&b) + 1), 0x1234);
    assert_int_equal(rfb_get_u32(rfb_buf_data(&b) + 3), 0x89abcdef);
    assert_true(rfb_get_s32(rfb_buf_data(&b) + 3) == -0x76543211);
    rfb_buf_consume(&b, 1);
    assert_int_equal(rfb_buf_put_u16(&b, 1), RFB_E_TOO_LARGE);
    rfb_buf_consume(&b, 2);
    assert_int_equal(rfb_buf_put_u32(&b, 1), RFB_E_TOO_LARGE);
    assert_int_equal(b.len, 4);
    rfb_buf_finish(&b);
}

/* Against a plain array: any row of puts and consumes. */
static void agrees_with_an_array(void **state)
{
    (void)state;
    enum { MAX = 700 };
    static uint8_t model[MAX];
    struct rfb_buf b;
    size_t len = 0;
    uint32_t r = 12345;
    rfb_buf_init(&b, MAX);
    for (unsigned i = 0; i < 20000; i++) {
        r = r * 1664525u + 1013904223u;
        size_t n = (r >> 16) % 120;
        if (r >> 31) {
            n = n < len ? n : len;
            rfb_buf_consume(&b, n);
            memmove(model, model + n, len - n);
            len -= n;
        } else {
            uint8_t bytes[120];
            memset(bytes, (int)(i & 0xff), sizeof bytes);
            int rc = rfb_buf_put(&b, bytes, n);
            assert_int_equal(rc, n > MAX - len ? RFB_E_TOO_LARGE : RFB_OK);
            if (rc == RFB_OK) {
                memcpy(model + len, bytes, n);
                len += n;
            }
        }
        assert_int_equal(b.len, len);
        assert_true(b.cap <= MAX && b.off + b.len <= b.cap);
        if (len != 0)
            assert_memory_equal(rfb_buf_data(&b), model, len);
    }
    rfb_buf_finish(&b);
}

static void every_code_has_a_text(void **state)
{
    (void)state;
    for (int code = RFB_OK; code >= RFB_E_TOO_MANY; code--) {
        assert_non_null(rfb_strerror(code));
        assert_string_not_equal(rfb_strerror(code), "unknown error");
    }
    static const int unknown[] = {1, RFB_E_TOO_MANY - 1, INT32_MIN, INT32_MAX};
    for (size_t i = 0; i < COUNT(unknown); i++)
        assert_string_equal(rfb_strerror(unknown[i]), "unknown error");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(starts_empty),
        cmocka_unit_test(grows_by_what_is_put),
        cmocka_unit_test(stops_at_its_maximum),
        cmocka_unit_test(takes_its_maximum_at_once),
        cmocka_unit_test(consumes_from_the_front),
        cmocka_unit_test(compacts_before_it_grows),
        cmocka_unit_test(grows_behind_a_consumed_front),
        cmocka_unit_test(a_reserve_that_is_not_committed_adds_nothing),
        cmocka_unit_test(nothing_can_be_put),
        cmocka_unit_test(huge_sizes_are_refused),
        cmocka_unit_test(a_lowered_maximum),
        cmocka_unit_test(without_memory_nothing_changes),
        cmocka_unit_test(numbers_are_big_endian),
        cmocka_unit_test(agrees_with_an_array),
        cmocka_unit_test(every_code_has_a_text),
    };
    return cmocka_run_group_tests_name("rfb/buf", tests, NULL, NULL);
}
