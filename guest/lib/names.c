/* Addresses as letters: the first mapping that a trace shows is A, its second page A+1p. */
#include <stdio.h>
#include "internal.h"

enum { REGIONS = 128 };

struct region {
	unsigned long at, length;
	char letter[4];
	bool live;
};
HOT static struct region regions[REGIONS];
HOT static int known;

static bool overlaps(const struct region *region, unsigned long at, unsigned long length)
{
	return region->at < at + length && at < region->at + region->length;
}

void name_region(unsigned long at, unsigned long length)
{
	struct region *new;
	int kept = 0, nth = record ? record->letters++ : known;

	for (int i = 0; i < known; i++) /* a dead mapping whose place is taken has no name any more */
		if (regions[i].live || !overlaps(&regions[i], at, length))
			regions[kept++] = regions[i];
	known = kept;
	if (known == REGIONS)
		return;
	new = &regions[known++];
	new->at = at;
	new->length = length ? length : 1;
	new->live = true;
	if (nth < 26)
		snprintf(new->letter, sizeof(new->letter), "%c", 'A' + nth);
	else
		snprintf(new->letter, sizeof(new->letter), "%c%d", 'A' + nth % 26, nth / 26 % 100);
}

void forget_all_regions(void)
{
	known = 0;
	if (record)
		record->letters = 0;
}

void forget_region(unsigned long at, unsigned long length)
{
	for (int i = 0; i < known; i++)
		if (at <= regions[i].at && regions[i].at + regions[i].length <= at + length)
			regions[i].live = false;
}

/* The region that holds `at`, a live and younger one first; else one that ends there. */
static const struct region *region_of(unsigned long at)
{
	const struct region *dead = NULL, *ends = NULL;

	for (int i = known - 1; i >= 0; i--) {
		const struct region *region = &regions[i];

		if (at >= region->at && at - region->at < region->length) {
			if (region->live)
				return region;
			dead = dead ? dead : region;
		} else if (at >= region->at && at - region->at < region->length + pages(64)) {
			ends = ends ? ends : region;
		} else if (at < region->at && region->at - at <= pages(64)) {
			ends = ends ? ends : region;
		}
	}
	return dead ? dead : ends;
}

static int signed_length(char *out, size_t size, const char *sign, unsigned long long length)
{
	unsigned long long whole = length / page_size, rest = length % page_size;

	if (length == 0)
		return snprintf(out, size, "%s", *sign == '-' ? "" : "0");
	if (whole == 0)
		return snprintf(out, size, "%s%llu", sign, rest);
	if (rest == 0)
		return snprintf(out, size, "%s%llup", sign, whole);
	if (rest > page_size / 2)
		return snprintf(out, size, "%s%llup-%llu", sign, whole + 1, (unsigned long long)page_size - rest);
	return snprintf(out, size, "%s%llup+%llu", sign, whole, rest);
}

void length_text(char *out, size_t size, long long length)
{
	if (length < 0)
		signed_length(out, size, "-", (unsigned long long)-length);
	else
		signed_length(out, size, "", (unsigned long long)length);
}

void address_text(char *out, size_t size, unsigned long at)
{
	const struct region *region = region_of(at);
	int n;

	if (at == 0) {
		snprintf(out, size, "NULL");
	} else if (region) {
		n = snprintf(out, size, "%s", region->letter);
		if (at > region->at)
			signed_length(out + n, size - (size_t)n, "+", at - region->at);
		else if (at < region->at)
			signed_length(out + n, size - (size_t)n, "-", region->at - at);
	} else if (at <= 64 * page_size || -at <= 64 * page_size) {
		length_text(out, size, (long)at);
	} else {
		snprintf(out, size, "&");
	}
}

bool inside_region(unsigned long at)
{
	for (int i = 0; i < known; i++)
		if (overlaps(&regions[i], at, 1))
			return true;
	return false;
}

const char *letter_of(const volatile void *at)
{
	char *out = ring();

	address_text(out, TEXT, (unsigned long)at);
	return out;
}
