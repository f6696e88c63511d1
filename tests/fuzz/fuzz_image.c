/* SPDX-License-Identifier: GPL-2.0-or-later
 * Picture files of anybody's: PNG, JPEG and WebP. The input is the file. */
#include <porthole.h>

#include "fuzz.h"
#include "image/image.h"

/* A size within the limits may still take seconds: beyond this it is refused here. */
enum { PIXELS_MAX = 1 << 16 };

/* The linker puts the second in the place of the first (--wrap). */
int __real_image_reserve(const char *format, uint64_t width, uint64_t height, uint32_t **pixels,
                         ph_error *error);
int __wrap_image_reserve(const char *format, uint64_t width, uint64_t height, uint32_t **pixels,
                         ph_error *error);

int __wrap_image_reserve(const char *format, uint64_t width, uint64_t height, uint32_t **pixels,
                         ph_error *error)
{
    if (width < PIXELS_MAX && height < PIXELS_MAX && width * height > PIXELS_MAX)
        return PH_E_ARGUMENT;
    return __real_image_reserve(format, width, height, pixels, error);
}

static volatile uint32_t seen; /* makes all pixels be read */

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    uint32_t *pixels, sum = 0;
    int width, height;
    ph_error error;
    int rc = ph_image_decode(data, size, &pixels, &width, &height, &error);
    FUZZ_CHECK(rc == PH_OK || rc == PH_E_ARGUMENT || rc == PH_E_NO_MEMORY);
    FUZZ_CHECK((rc == PH_OK) == (pixels != NULL));
    if (rc != PH_OK)
        return 0;
    FUZZ_CHECK(width > 0 && height > 0 && width <= IMAGE_SIDE_MAX && height <= IMAGE_SIDE_MAX);
    for (int i = 0; i < width * height; i++)
        sum += pixels[i];
    seen = sum;
    ph_free(pixels);
    return 0;
}
