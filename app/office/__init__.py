"""Set-up, HR's desk and the administrator's pages; stands above the features it arranges."""
