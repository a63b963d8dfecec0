"""Writing the configuration of a production site: nginx, php-fpm, systemd."""
