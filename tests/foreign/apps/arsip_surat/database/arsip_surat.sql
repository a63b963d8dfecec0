-- phpMyAdmin SQL Dump
-- version 5.1.1
-- https://www.phpmyadmin.net/
--
-- Host: localhost:3306
-- Waktu pembuatan: 17 Mei 2022 pada 02.11
-- Versi server: 8.0.29
-- Versi PHP: 7.4.29

SET SQL_MODE = "NO_AUTO_VALUE_ON_ZERO";
START TRANSACTION;
SET time_zone = "+00:00";
/*!40101 SET NAMES utf8mb4 */;

--
-- Database: `arsip_surat`
--
CREATE DATABASE IF NOT EXISTS `arsip_surat` DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_ai_ci;
USE `arsip_surat`;

CREATE TABLE `pengguna` (
  `id` int NOT NULL,
  `username` varchar(50) NOT NULL,
  `password` varchar(32) NOT NULL,
  `nama` varchar(100) NOT NULL,
  `nik` varchar(16) DEFAULT NULL,
  `email` varchar(100) DEFAULT NULL,
  `telepon` varchar(20) DEFAULT NULL,
  `level` enum('admin','petugas') NOT NULL DEFAULT 'petugas',
  `terakhir` datetime DEFAULT NULL
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_0900_ai_ci;

INSERT INTO `pengguna` (`id`, `username`, `password`, `nama`, `nik`, `email`, `telepon`, `level`, `terakhir`) VALUES
(1, 'admin', '0192023a7bbd73250516f069df18b500', 'Administrator', NULL, 'admin@kota-contoh.example', NULL, 'admin', NULL),
(2, 'rina', '5f4dcc3b5aa765d61d8327deb882cf99', 'Rina Contoh', '5204015201900001', 'rina@kota-contoh.example', '081200000001', 'petugas', NULL),
(3, 'budi', 'e10adc3949ba59abbe56e057f20f883e', 'Budi Contoh', '5204011201850002', NULL, '081200000002', 'petugas', NULL);

CREATE TABLE `surat` (
  `id` int NOT NULL,
  `nomor` varchar(60) NOT NULL,
  `tanggal` date NOT NULL,
  `perihal` varchar(200) NOT NULL,
  `pihak` varchar(120) NOT NULL,
  `berkas` varchar(200) DEFAULT NULL
) ENGINE=MyISAM DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_0900_ai_ci;

INSERT INTO `surat` (`id`, `nomor`, `tanggal`, `perihal`, `pihak`, `berkas`) VALUES
(1, '005/112/UM/2022', '2022-03-04', 'Undangan rapat koordinasi; tempat: aula', 'Dinas Perhubungan', NULL),
(2, '090/45/SETDA/2022', '2022-04-18', 'Perjalanan dinas ke "Kota Sebelah"', 'Bagian Umum', ''),
(3, '800/7/BKD/2022', '2022-05-02', 'Usul kenaikan pangkat (para staf)', 'BKD', NULL);

ALTER TABLE `pengguna`
  ADD PRIMARY KEY (`id`),
  ADD UNIQUE KEY `username` (`username`);

ALTER TABLE `surat`
  ADD PRIMARY KEY (`id`);

ALTER TABLE `pengguna`
  MODIFY `id` int NOT NULL AUTO_INCREMENT, AUTO_INCREMENT=4;

ALTER TABLE `surat`
  MODIFY `id` int NOT NULL AUTO_INCREMENT, AUTO_INCREMENT=4;

DELIMITER $$
CREATE DEFINER=`root`@`localhost` TRIGGER `surat_rapikan` BEFORE INSERT ON `surat` FOR EACH ROW BEGIN
  SET NEW.nomor = TRIM(NEW.nomor);
END$$
DELIMITER ;
COMMIT;
